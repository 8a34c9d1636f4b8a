//! Text on a page: which glyphs a line has, how wide it is, and how a text is broken into lines that fit. Where it stands is the page's.
//!
//! One family, Inter, in two weights; it has Latin, Greek and Cyrillic. What it has not is shown as its empty box. Left to right only.

use krilla::text::{Font, GlyphId, KrillaGlyph};
use rustybuzz::{Direction, Face, UnicodeBuffer};

use super::Broken;

static REGULAR: &[u8] = include_bytes!("fonts/Inter-Regular.otf");
static STRONG: &[u8] = include_bytes!("fonts/Inter-SemiBold.otf");

/// From one line to the next, in units of the text's size.
pub const LEADING: f32 = 1.25;

/// A weight of the family.
pub struct Typeface {
    /// What is embedded, the glyphs that are used of it.
    pub font: Font,
    face: Face<'static>,
}

/// The weights that a document uses.
pub struct Typefaces {
    /// For what is read.
    pub regular: Typeface,
    /// For what is looked for.
    pub strong: Typeface,
}

impl Typefaces {
    /// Those of a new document.
    ///
    /// # Errors
    /// [`Broken`] if the fonts in this binary are none.
    pub fn new() -> Result<Self, Broken> {
        Ok(Self { regular: Typeface::of(REGULAR)?, strong: Typeface::of(STRONG)? })
    }
}

/// One line of text, ready to be drawn at any size.
pub struct Line {
    /// What it says.
    pub text: String,
    /// How.
    pub glyphs: Vec<KrillaGlyph>,
    /// How wide it is, in units of its size.
    pub width: f32,
}

/// A text in lines.
pub struct Block {
    /// How large.
    pub size: f32,
    /// Its lines.
    pub lines: Vec<Line>,
}

impl Block {
    /// How much room it takes from top to bottom.
    pub fn height(&self) -> f32 {
        self.lines.len() as f32 * self.size * LEADING
    }
}

impl Typeface {
    fn of(bytes: &'static [u8]) -> Result<Self, Broken> {
        let face = Face::from_slice(bytes, 0);
        let font = Font::new(bytes.into(), 0);
        let (face, font) = face.zip(font).ok_or_else(|| Broken::of("font", "it cannot be read"))?;
        Ok(Self { font, face })
    }

    /// A text as one line, however long it is.
    pub fn line(&self, text: &str) -> Line {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.set_direction(Direction::LeftToRight);
        buffer.guess_segment_properties();
        buffer.set_direction(Direction::LeftToRight);
        let shaped = rustybuzz::shape(&self.face, &[], buffer);
        let unit = self.face.units_per_em() as f32;
        let starts: Vec<usize> = shaped.glyph_infos().iter().map(|info| info.cluster as usize).collect();
        let mut glyphs = Vec::with_capacity(starts.len());
        for (index, (info, position)) in shaped.glyph_infos().iter().zip(shaped.glyph_positions()).enumerate() {
            let end = starts[index..].iter().copied().find(|start| *start > starts[index]).unwrap_or(text.len());
            glyphs.push(KrillaGlyph::new(
                GlyphId::new(info.glyph_id),
                position.x_advance as f32 / unit,
                position.x_offset as f32 / unit,
                position.y_offset as f32 / unit,
                0.0,
                starts[index]..end,
                None,
            ));
        }
        let width = glyphs.iter().map(|glyph| glyph.x_advance).sum();
        Line { text: text.to_owned(), glyphs, width }
    }

    /// A text in lines of a width, no higher than this: as large as one of these sizes (the largest first) allows; what does not fit even at the
    /// smallest is cut, and says so.
    pub fn fit(&self, text: &str, sizes: &[f32], width: f32, height: f32) -> Block {
        let words = self.words(text);
        let (mut size, mut max_lines) = (1.0, 1);
        for tried in sizes {
            size = *tried;
            max_lines = ((height / (size * LEADING)) as usize).max(1);
            let lines = wrap(&words, self.space(), width / size);
            let whole = words.iter().all(|word| word.width * size <= width);
            if whole && lines.len() <= max_lines {
                return self.block(lines, size);
            }
        }
        let words: Vec<_> = words.into_iter().flat_map(|word| self.pieces(word, width / size)).collect();
        let mut lines = wrap(&words, self.space(), width / size);
        if lines.len() > max_lines {
            lines.truncate(max_lines);
            if let Some(last) = lines.last_mut() {
                while !last.is_empty() && self.line(&format!("{last}…")).width * size > width {
                    last.pop();
                }
                *last = format!("{}…", last.trim_end());
            }
        }
        self.block(lines, size)
    }

    fn block(&self, lines: Vec<String>, size: f32) -> Block {
        Block { size, lines: lines.iter().map(|line| self.line(line)).collect() }
    }

    fn space(&self) -> f32 {
        self.line(" ").width
    }

    /// What may begin a new line. A blank that does not part words stays within one.
    fn words(&self, text: &str) -> Vec<Word> {
        let clean: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        let parts = clean.split([' ', '\u{2028}', '\u{2029}']).filter(|part| !part.is_empty());
        parts.map(|part| Word { text: part.to_owned(), width: self.line(part).width }).collect()
    }

    /// A word that is wider than a line, in parts that are not.
    fn pieces(&self, word: Word, width: f32) -> Vec<Word> {
        if word.width <= width {
            return vec![word];
        }
        let mut pieces: Vec<Word> = Vec::new();
        for letter in word.text.chars() {
            let longer = pieces.last().map_or_else(|| letter.to_string(), |piece| format!("{}{letter}", piece.text));
            let wide = self.line(&longer).width;
            match pieces.last_mut() {
                Some(piece) if wide <= width => *piece = Word { text: longer, width: wide },
                _ => {
                    let text = letter.to_string();
                    let width = self.line(&text).width;
                    pieces.push(Word { text, width });
                }
            }
        }
        pieces
    }
}

/// What stays together on a line.
struct Word {
    text: String,
    /// In units of its size.
    width: f32,
}

/// Fills one line after the other.
fn wrap(words: &[Word], space: f32, width: f32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut used = 0.0;
    for word in words {
        match lines.last_mut() {
            Some(line) if used + space + word.width <= width => {
                used += space + word.width;
                line.push(' ');
                line.push_str(&word.text);
            }
            _ => {
                used = word.width;
                lines.push(word.text.clone());
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Typefaces;

    #[test]
    fn a_long_name_gets_smaller_then_wraps_then_is_cut() {
        let faces = Typefaces::new().unwrap();
        let fit = |text: &str| faces.strong.fit(text, &[30.0, 20.0], 200.0, 50.0);
        let short = fit("Carmen");
        assert_eq!((short.size, short.lines.len()), (30.0, 1));
        let long = fit("La forza del destino, ópera en cuatro");
        assert_eq!((long.size, long.lines.len()), (20.0, 2));
        let cut = fit(&"interminable ".repeat(40));
        assert!(cut.lines.len() == 2 && cut.lines[1].text.ends_with('…'));
    }

    #[test]
    fn the_letters_of_europe_are_there() {
        let faces = Typefaces::new().unwrap();
        for face in [&faces.regular, &faces.strong] {
            let line = face.line("ÀÉÍÓÚÜÑ çßøåœŒ łżšđğ ’“”«»–… · €£ Αθήνα Ωδείο Москва Київ №");
            assert!(line.glyphs.iter().all(|glyph| glyph.glyph_id.to_u32() != 0));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_line_is_wider_than_its_place(text in "[a-zÀ-ÿ0-9W€ \\n\t]{0,300}", width in 60.0_f32..500.0, height in 30.0_f32..100.0) {
            let faces = Typefaces::new().unwrap();
            let block = faces.regular.fit(&text, &[24.0, 16.0, 11.0], width, height);
            prop_assert!(block.height() <= height);
            for line in &block.lines {
                prop_assert!(line.width * block.size <= width * 1.01, "{} is wider than {width}", line.text);
            }
            let letters = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
            let shown = letters(&block.lines.iter().map(|line| line.text.as_str()).collect::<String>());
            let whole = letters(&text);
            match shown.strip_suffix('…') {
                Some(beginning) => prop_assert!(whole.starts_with(beginning)),
                None => prop_assert_eq!(shown, whole),
            }
        }
    }
}
