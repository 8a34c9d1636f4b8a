//! The printed ticket: one page of A4 each, that is read as well on a phone. Drawn with a pen that goes down the page; what it says is the face's.

use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::{Document, SerializeSettings};

use super::Broken;
use super::face::{Face, Fact};
use super::qr::{QUIET, QrCode};
use super::text::{Block, LEADING, Line, Typeface, Typefaces};

/// A4, in points.
const PAGE: (f32, f32) = (595.28, 841.89);
/// Free at all four sides: no printer needs more.
const MARGIN: f32 = 42.0;
/// What is left of the width.
const WIDTH: f32 = PAGE.0 - 2.0 * MARGIN;
/// The side of the code with its quiet zone: 77 mm, which a phone's camera takes at arm's length.
const CODE: f32 = 218.0;
/// Between two columns.
const GAP: f32 = 24.0;
/// A label, with what is free below it.
const LABEL: f32 = 15.0;
/// Where the foot begins.
const FOOT: f32 = PAGE.1 - MARGIN - 34.0;

const BLACK: [u8; 3] = [0x16, 0x18, 0x1d];
const GREY: [u8; 3] = [0x5b, 0x61, 0x6e];
const LIGHT: [u8; 3] = [0xf1, 0xf2, 0xf5];

/// A document with one page for each ticket.
///
/// # Errors
/// [`Broken`] if it cannot be written.
pub fn pdf(faces: &[Face]) -> Result<Vec<u8>, Broken> {
    let mut document = Document::new_with(SerializeSettings { enable_tagging: false, ..SerializeSettings::default() });
    let typefaces = Typefaces::new()?;
    if let Some(face) = faces.first() {
        let title = format!("{} · {}", face.title, face.code);
        let metadata = Metadata::new().title(title).language(face.words.tag.to_owned()).creator("aforo".to_owned());
        document.set_metadata(metadata);
    }
    for (index, face) in faces.iter().enumerate() {
        let code = QrCode::of(&face.barcode)?;
        let settings = PageSettings::from_wh(PAGE.0, PAGE.1).ok_or_else(|| Broken::of("PDF", "no page"))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        let mut pen = Pen { surface: &mut surface, typefaces: &typefaces, y: MARGIN };
        pen.ticket(face, &code);
        debug_assert!(pen.y <= FOOT, "a ticket that ends at {}", pen.y);
        pen.foot(face, &format!("{} / {}", index + 1, faces.len()));
        surface.finish();
        page.finish();
    }
    document.finish().map_err(|error| Broken::of("PDF", format!("{error:?}")))
}

/// Draws a page from top to bottom. No part is higher than it may be, and all of them together end above the foot.
struct Pen<'a, 'b> {
    surface: &'a mut Surface<'b>,
    typefaces: &'a Typefaces,
    /// How far down it is.
    y: f32,
}

impl Pen<'_, '_> {
    fn ticket(&mut self, face: &Face, code: &QrCode) {
        self.head(face);
        let top = self.y;
        self.code(face, code);
        let below_code = self.y;
        self.y = top;
        self.when_and_where(face, WIDTH - CODE - GAP);
        self.y = self.y.max(below_code) + 14.0;
        self.place(&face.place);
        if !face.notes.is_empty() {
            self.paragraph(&face.notes.join(" "), Weight::Strong, &[12.0, 10.0], WIDTH, 30.0, BLACK);
            self.y += 10.0;
        }
        self.details(face);
    }

    /// What it is for.
    fn head(&mut self, face: &Face) {
        self.rectangle((MARGIN, self.y, WIDTH, 6.0), face.color);
        self.y += 20.0;
        let (top, half) = (self.y, WIDTH / 2.0 - GAP);
        self.paragraph(&face.kind().to_uppercase(), Weight::Strong, &[12.0], half, 15.0, BLACK);
        let promoter = self.typefaces.regular.fit(&face.promoter, &[11.0, 9.0], half, 15.0);
        for line in &promoter.lines {
            let x = PAGE.0 - MARGIN - line.width * promoter.size;
            self.line(line, Weight::Regular, (x, top + 11.0), promoter.size, GREY);
        }
        self.y = top + 20.0;
        self.paragraph(&face.title, Weight::Strong, &[34.0, 28.0, 23.0, 19.0, 16.0], WIDTH, 87.0, BLACK);
        for more in [&face.subtitle, &face.session].into_iter().flatten() {
            self.y += 2.0;
            self.paragraph(more, Weight::Regular, &[15.0, 13.0, 11.0], WIDTH, 28.0, GREY);
        }
        self.y += 14.0;
    }

    fn when_and_where(&mut self, face: &Face, width: f32) {
        let labels = &face.words.labels;
        self.label(labels.date, MARGIN, width);
        self.paragraph(&capital(&face.date()), Weight::Strong, &[17.0, 15.0, 13.0], width, 43.0, BLACK);
        if let Some(time) = face.time() {
            self.paragraph(&time, Weight::Strong, &[34.0], width, 43.0, BLACK);
        }
        self.y += 12.0;
        self.label(labels.venue, MARGIN, width);
        self.paragraph(&face.venue, Weight::Strong, &[17.0, 15.0, 13.0, 11.0], width, 50.0, BLACK);
        self.y += 2.0;
        self.paragraph(&face.address, Weight::Regular, &[12.0, 10.0], width, 45.0, GREY);
    }

    /// The code, and its text for when no reader takes it. Of its quiet zone, what is to the right is the page's margin.
    fn code(&mut self, face: &Face, code: &QrCode) {
        let (top, square) = (self.y, CODE / code.side() as f32);
        let x = PAGE.0 - MARGIN - CODE + QUIET as f32 * square;
        let runs = code.runs().map(|(column, row, count)| {
            let (left, top) = (x + column as f32 * square, top + row as f32 * square);
            (left, top, count as f32 * square, square)
        });
        self.rectangles(runs, [0, 0, 0]);
        self.y = top + CODE - 8.0;
        let room = CODE - 2.0 * QUIET as f32 * square;
        let text = self.typefaces.regular.fit(&face.barcode, &[12.0, 10.0, 8.0], room, 20.0);
        for line in &text.lines {
            let left = PAGE.0 - MARGIN - (room + line.width * text.size) / 2.0;
            self.line(line, Weight::Regular, (left, self.y + text.size), text.size, BLACK);
            self.y += text.size * LEADING;
        }
    }

    /// Where to go: what is looked for in a hurry.
    fn place(&mut self, facts: &[Fact]) {
        if facts.is_empty() {
            return;
        }
        let (padding, gap, columns) = (12.0, 18.0, facts.len() as f32);
        let width = (WIDTH - 2.0 * padding - (columns - 1.0) * gap) / columns;
        let strong = &self.typefaces.strong;
        let fitted = |(_, value): &Fact| strong.fit(value, &[26.0, 21.0, 17.0, 14.0, 11.0, 9.0], width, 54.0);
        let blocks: Vec<Block> = facts.iter().map(fitted).collect();
        let height = blocks.iter().map(Block::height).fold(0.0, f32::max) + LABEL + 2.0 * padding;
        self.rectangle((MARGIN, self.y, WIDTH, height), LIGHT);
        let top = self.y;
        for (index, ((label, _), block)) in facts.iter().zip(&blocks).enumerate() {
            let x = MARGIN + padding + index as f32 * (width + gap);
            self.y = top + padding;
            self.label(label, x, width);
            self.block(block, Weight::Strong, x, BLACK);
        }
        self.y = top + height + 14.0;
    }

    /// The rest, in columns.
    fn details(&mut self, face: &Face) {
        let width = (WIDTH - 2.0 * GAP) / 3.0;
        for row in face.details.chunks(3) {
            let top = self.y;
            let mut bottom = top;
            for (column, (label, value)) in row.iter().enumerate() {
                let x = MARGIN + column as f32 * (width + GAP);
                self.y = top;
                self.label(label, x, width);
                let is_price = *label == face.words.labels.price;
                let block = self.typefaces.regular.fit(value, &[14.0, 12.0, 10.0], width, if is_price { 17.5 } else { 30.0 });
                self.block(&block, Weight::Regular, x, BLACK);
                if is_price {
                    let notes = self.typefaces.regular.fit(&face.price_notes.join(". "), &[10.0, 9.0], width, 38.0);
                    self.block(&notes, Weight::Regular, x, GREY);
                }
                bottom = bottom.max(self.y);
            }
            self.y = bottom + 10.0;
        }
    }

    fn foot(&mut self, face: &Face, page: &str) {
        self.rectangle((MARGIN, FOOT, WIDTH, 0.75), GREY);
        let advice = self.typefaces.regular.fit(face.words.labels.advice, &[10.0], WIDTH - 70.0, 25.0);
        self.y = FOOT + 6.0;
        self.block(&advice, Weight::Regular, MARGIN, GREY);
        let page = self.typefaces.regular.line(page);
        self.line(&page, Weight::Regular, (PAGE.0 - MARGIN - page.width * 10.0, FOOT + 16.0), 10.0, GREY);
    }

    fn label(&mut self, label: &str, x: f32, width: f32) {
        let block = self.typefaces.regular.fit(label, &[10.0, 8.0], width, 12.5);
        let top = self.y;
        self.block(&block, Weight::Regular, x, GREY);
        self.y = top + LABEL;
    }

    fn paragraph(&mut self, text: &str, weight: Weight, sizes: &[f32], width: f32, height: f32, color: [u8; 3]) {
        let block = weight.of(self.typefaces).fit(text, sizes, width, height);
        self.block(&block, weight, MARGIN, color);
    }

    fn block(&mut self, block: &Block, weight: Weight, x: f32, color: [u8; 3]) {
        for line in &block.lines {
            self.line(line, weight, (x, self.y + block.size), block.size, color);
            self.y += block.size * LEADING;
        }
    }

    /// One line, at its left end on its base line.
    fn line(&mut self, line: &Line, weight: Weight, (x, y): (f32, f32), size: f32, color: [u8; 3]) {
        self.fill_with(color);
        let font = weight.of(self.typefaces).font.clone();
        self.surface.draw_glyphs(Point::from_xy(x, y), &line.glyphs, font, &line.text, size, false);
    }

    /// Left, top, width and height.
    fn rectangle(&mut self, area: (f32, f32, f32, f32), color: [u8; 3]) {
        self.rectangles(std::iter::once(area), color);
    }

    fn rectangles(&mut self, areas: impl Iterator<Item = (f32, f32, f32, f32)>, color: [u8; 3]) {
        self.fill_with(color);
        let mut path = PathBuilder::new();
        areas.filter_map(|(x, y, width, height)| Rect::from_xywh(x, y, width, height)).for_each(|area| path.push_rect(area));
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }

    fn fill_with(&mut self, [red, green, blue]: [u8; 3]) {
        self.surface.set_fill(Some(Fill { paint: rgb::Color::new(red, green, blue).into(), ..Fill::default() }));
    }
}

/// A weight by name.
#[derive(Debug, Clone, Copy)]
enum Weight {
    Regular,
    Strong,
}

impl Weight {
    const fn of(self, typefaces: &Typefaces) -> &Typeface {
        match self {
            Self::Regular => &typefaces.regular,
            Self::Strong => &typefaces.strong,
        }
    }
}

/// With a capital letter: it begins a line.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use aforo_domain::ids::{EventId, ItemId, SessionId};
    use aforo_domain::text::Language;
    use proptest::prelude::*;

    use super::super::words::Words;
    use super::{Face, pdf};

    fn face(language: &str, texts: &[String]) -> Face {
        let words = Words::of(&Language::parse(language).unwrap());
        let (labels, text) = (&words.labels, |index: usize| texts[index % texts.len()].clone());
        let place = [labels.entrance, labels.sector, labels.row, labels.seat];
        let details = [labels.price_type, labels.rate, labels.price, labels.attendee, labels.buyer, labels.order];
        Face {
            id: ItemId(1),
            event_id: EventId(1),
            session_id: SessionId(1),
            words,
            invitation: false,
            title: text(0),
            subtitle: Some(text(1)),
            session: Some(text(2)),
            starts: "2031-04-05T20:30:00+02:00[Europe/Madrid]".parse().unwrap(),
            ends: "2031-04-05T22:30:00+02:00[Europe/Madrid]".parse().unwrap(),
            last: None,
            unconfirmed: true,
            venue: text(3),
            address: text(4),
            color: [1, 2, 3],
            place: place.iter().enumerate().map(|(index, label)| (*label, text(index + 5))).collect(),
            details: details.iter().enumerate().map(|(index, label)| (*label, text(index + 1))).collect(),
            price_notes: vec![text(6), text(7)],
            notes: vec![labels.accessible, labels.companion, labels.restricted_view, labels.unconfirmed],
            holder: None,
            class: text(8),
            promoter: text(9),
            code: "ABCDEFGHJKMN".to_owned(),
            barcode: "x".repeat(64),
        }
    }

    /// Drawing checks that a ticket ends above the foot.
    #[test]
    fn the_longest_names_leave_room_for_the_foot() {
        for word in ["W", "Große ", "Σ Ω ", "x\u{a0}", "Donaudampfschifffahrtsgesellschaft "] {
            let long = word.repeat(1_000 / word.chars().count());
            let faces = ["de", "fr"].map(|language| face(language, std::slice::from_ref(&long)));
            assert!(pdf(&faces).unwrap().starts_with(b"%PDF-"));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn any_names_leave_room_for_the_foot(texts in prop::collection::vec("\\PC{0,120}", 10)) {
            prop_assert!(pdf(&[face("de", &texts)]).is_ok());
        }
    }
}
