//! The plan as a picture. What many elements share (colour, radius, stroke) is said once in a style; a row is a group that is moved, so that its seats
//! have short coordinates.

use std::fmt::{Display, Formatter, Result, Write};

use aforo_domain::catalogue::plan::{Attributes, Plan, RowSpan, Seat};

use super::layout::{Block, Layout, rounded};

/// A seat's radius, in the distance of neighbours.
const RADIUS: f64 = 0.4;
/// The colour of a price type whose own is none.
const NO_COLOR: &str = "#808080";

/// Draws a plan.
pub fn draw(plan: &Plan) -> String {
    let layout = Layout::of(plan);
    let mut svg = String::with_capacity(4_096 + plan.seats as usize * 90);
    // Writing into a text cannot fail.
    let _ = write_all(&mut svg, plan, &layout);
    svg
}

fn write_all(svg: &mut String, plan: &Plan, layout: &Layout) -> Result {
    let Block { x, y, width, height } = layout.bounds;
    let view = [x, y, width, height].map(Short);
    let name = Escaped(&plan.template.name);
    write!(svg, r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="{} {} {} {}">"#, view[0], view[1], view[2], view[3])?;
    write!(svg, "<title>{name}</title>")?;
    style(svg, plan, layout)?;
    if let Some(focus) = &layout.focus {
        focal_point(svg, focus)?;
    }
    for (index, sector) in plan.sectors.iter().enumerate() {
        write!(svg, "\n<g id=\"sector-{}\"><title>{}</title>", sector.id, Escaped(&sector.name))?;
        for span in plan.rows.iter().filter(|span| span.sector == index) {
            row(svg, plan, layout, span)?;
        }
        for (span, block) in plan.zones.iter().zip(&layout.zones).filter(|(span, _)| span.sector == index) {
            let zone = &sector.zones[span.zone];
            zone_block(svg, block, &Zone { id: zone.id.0, name: &zone.name, price_type: zone.price_type.0, capacity: span.len })?;
        }
        svg.push_str("</g>");
    }
    // Names come last, so that no seat of a neighbour covers them.
    for (sector, label) in plan.sectors.iter().zip(&layout.labels) {
        if let Some((point, size)) = label {
            let (x, y, size) = (Short(point.x), Short(point.y), Short(*size));
            write!(svg, "\n<text class=\"sector\" x=\"{x}\" y=\"{y}\" dy=\".35em\" font-size=\"{size}\">{}</text>", Escaped(&sector.name))?;
        }
    }
    svg.push_str("\n</svg>\n");
    Ok(())
}

fn style(svg: &mut String, plan: &Plan, layout: &Layout) -> Result {
    let thin = Short(layout.pitch * 0.12);
    svg.push_str("<style>\ntext{font-family:system-ui,sans-serif;text-anchor:middle;pointer-events:none;fill:#222}");
    write!(
        svg,
        "\n.sector{{font-weight:600;opacity:.8;paint-order:stroke;stroke:#fff;stroke-width:{};stroke-linejoin:round}}",
        Short(layout.pitch * 0.3)
    )?;
    write!(svg, "\n.accessible{{stroke:#0b57d0;stroke-width:{thin}}}\nrect{{fill-opacity:.3;stroke:#222;stroke-width:{thin}}}")?;
    svg.push_str("\n.focal-point{fill:#444;fill-opacity:.85;stroke:none}");
    for kind in &plan.template.price_types {
        let color = Some(kind.color.as_str()).filter(|color| is_color(color)).unwrap_or(NO_COLOR);
        write!(svg, "\n.p{}{{fill:{color}}}", kind.id)?;
    }
    svg.push_str("\n</style>");
    Ok(())
}

/// Nothing but a colour gets into the style.
fn is_color(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

/// What everybody looks at: a stage, a pitch, an altar. It has no name, as the plan gives it none.
fn focal_point(svg: &mut String, focus: &Block) -> Result {
    let (x, y, width, height) = (Short(focus.x), Short(focus.y), Short(focus.width), Short(focus.height));
    let round = Short(focus.height / 2.0);
    write!(
        svg,
        "\n<rect id=\"focal-point\" class=\"focal-point\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{round}\"/>"
    )
}

/// A row: seats are placed from its first one.
fn row(svg: &mut String, plan: &Plan, layout: &Layout, span: &RowSpan) -> Result {
    let row = &plan.sectors[span.sector].rows[span.row];
    let points = &layout.seats[span.first as usize..(span.first + span.len) as usize];
    let Some(first) = points.first() else { return Ok(()) };
    let radius = Short(layout.pitch * RADIUS);
    write!(svg, "\n<g id=\"row-{}\" transform=\"translate({} {})\">", row.id, first.0, first.1)?;
    for (seat, point) in row.seats.iter().zip(points) {
        let (x, y) = (i64::from(point.0) - i64::from(first.0), i64::from(point.1) - i64::from(first.1));
        write!(svg, "<circle id=\"seat-{}\" class=\"{}\"", seat.id, Class(seat))?;
        // Both are 0 where nothing is said.
        if x != 0 {
            write!(svg, " cx=\"{x}\"")?;
        }
        if y != 0 {
            write!(svg, " cy=\"{y}\"")?;
        }
        write!(svg, " r=\"{radius}\"><title>{} / {}</title></circle>", Escaped(&row.name), Escaped(&seat.name))?;
    }
    svg.push_str("</g>");
    Ok(())
}

struct Zone<'a> {
    id: u64,
    name: &'a str,
    price_type: u64,
    capacity: u32,
}

fn zone_block(svg: &mut String, block: &Block, zone: &Zone<'_>) -> Result {
    let (x, y, width, height) = (Short(block.x), Short(block.y), Short(block.width), Short(block.height));
    let (id, name, price_type, capacity) = (zone.id, Escaped(zone.name), zone.price_type, zone.capacity);
    write!(svg, "\n<rect id=\"zone-{id}\" class=\"p{price_type}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\">")?;
    write!(svg, "<title>{name} ({capacity})</title></rect>")?;
    let letters = zone.name.chars().count().max(1) as f64;
    let size = (block.width * 0.9 / (letters * 0.55)).min(block.height * 0.35);
    let (middle, size) = (block.middle(), Short(size));
    write!(svg, "<text x=\"{}\" y=\"{}\" dy=\".35em\" font-size=\"{size}\">{name}</text>", Short(middle.x), Short(middle.y))
}

/// A seat's class: its price type, and whether it is accessible.
struct Class<'a>(&'a Seat);

impl Display for Class<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "p{}", self.0.price_type)?;
        if self.0.attributes.has(Attributes::ACCESSIBLE) { f.write_str(" accessible") } else { Ok(()) }
    }
}

/// A number with as few digits as it needs.
#[derive(Clone, Copy)]
struct Short(f64);

impl Display for Short {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        // Not -0.
        write!(f, "{}", rounded(self.0) + 0.0)
    }
}

/// A text of somebody's as text of XML, whatever is in it.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                // What XML 1.0 cannot say at all.
                '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => f.write_char('\u{fffd}')?,
                letter => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}
