//! QR codes: which squares of one are dark, and it as a picture for pages (SVG) and for everything else (PNG). What the code says is the caller's.

use fast_qr::{ECL, QRBuilder};

use super::Broken;

/// Light squares around it, without which readers do not find it.
pub const QUIET: usize = 4;
/// Pixels along the side of a PNG, at least.
const PNG_SIDE: usize = 600;

/// A QR code, its quiet zone included.
#[derive(Debug)]
pub struct QrCode {
    /// Squares along a side.
    side: usize,
    /// Dark squares that lie beside each other in a row: column, row, how many.
    runs: Vec<(usize, usize, usize)>,
}

impl QrCode {
    /// The code of a text; it can be read with a quarter of it spoiled.
    ///
    /// # Errors
    /// [`Broken`] if the text is too long for a code; a barcode never is.
    pub fn of(text: &str) -> Result<Self, Broken> {
        let code = QRBuilder::new(text).ecl(ECL::Q).build().map_err(|error| Broken::of("QR code", format!("{error:?}")))?;
        let mut runs: Vec<(usize, usize, usize)> = Vec::new();
        for row in 0..code.size {
            for column in (0..code.size).filter(|column| code[row][*column].value()) {
                let (x, y) = (column + QUIET, row + QUIET);
                match runs.last_mut() {
                    Some((first, last_row, count)) if *last_row == y && *first + *count == x => *count += 1,
                    _ => runs.push((x, y, 1)),
                }
            }
        }
        Ok(Self { side: code.size + 2 * QUIET, runs })
    }

    /// Squares along a side.
    pub const fn side(&self) -> usize {
        self.side
    }

    /// Dark squares that lie beside each other in a row: column, row, how many.
    pub fn runs(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        self.runs.iter().copied()
    }

    /// As an SVG document.
    pub fn svg(&self) -> String {
        let side = self.side;
        let path: String = self.runs().map(|(x, y, count)| format!("M{x} {y}h{count}v1h-{count}z")).collect();
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
             <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\"{path}\"/></svg>"
        )
    }

    /// As a PNG, black on white.
    ///
    /// # Errors
    /// [`Broken`] if it cannot be encoded.
    pub fn png(&self) -> Result<Vec<u8>, Broken> {
        let scale = PNG_SIDE.div_ceil(self.side);
        let side = self.side * scale;
        let mut pixels = vec![255; side * side];
        for (x, y, count) in self.runs() {
            for line in y * scale..(y + 1) * scale {
                let first = line * side + x * scale;
                pixels[first..first + count * scale].fill(0);
            }
        }
        encode(side, png::ColorType::Grayscale, &pixels)
    }
}

/// A square picture as a PNG.
pub(super) fn encode(side: usize, color: png::ColorType, pixels: &[u8]) -> Result<Vec<u8>, Broken> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side as u32, side as u32);
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(pixels));
    written.map_err(|error| Broken::of("PNG", error))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::QrCode;

    #[test]
    fn both_pictures_show_the_same_squares() {
        let code = QrCode::of("AB2CD3EF4GH5JK6LM7NP8Q").unwrap();
        let side = code.side();
        assert_eq!(side, 25 + 2 * 4, "22 letters and digits fit in the second smallest code");
        let mut dark = vec![false; side * side];
        for (x, y, count) in code.runs() {
            dark[y * side + x..y * side + x + count].fill(true);
        }
        let svg = code.svg();
        let drawn = svg.split("<path d=\"").nth(1).unwrap().split('M').skip(1).map(|run| {
            let numbers: Vec<usize> = run.split([' ', 'h', 'v', '-', 'z']).filter_map(|number| number.parse().ok()).collect();
            (numbers[0], numbers[1], numbers[2])
        });
        assert!(drawn.eq(code.runs()));
        let png = code.png().unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(&png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        let scale = info.width as usize / side;
        assert!(info.width >= 600 && info.width == info.height && scale * side == info.width as usize);
        let seen = (0..side * side).map(|square| pixels[(square / side * scale) * info.width as usize + square % side * scale] == 0);
        assert!(seen.eq(dark));
    }
}
