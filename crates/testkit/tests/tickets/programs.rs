//! Programs that are not ours, to judge what is: poppler reads documents, openssl makes certificates and checks signatures. `scripts/test` installs them.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// Runs a program: what it printed, and whether it was content.
pub fn run(program: &str, arguments: &[&str], folder: &Path) -> (String, bool) {
    let done = Command::new(program).args(arguments).current_dir(folder).output();
    let done = done.unwrap_or_else(|error| panic!("{program} does not run ({error}); scripts/test installs it"));
    (String::from_utf8_lossy(&done.stdout).into_owned(), done.status.success())
}

/// The same for a program that has to be content.
pub fn must(program: &str, arguments: &[&str], folder: &Path) -> String {
    let (printed, content) = run(program, arguments, folder);
    assert!(content, "{program} {arguments:?}: {printed}");
    printed
}

/// A picture in shades of grey.
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<u8>,
}

/// A document's pages as text, each line trimmed and with single blanks.
pub fn pages(pdf: &[u8]) -> Vec<String> {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("a.pdf"), pdf).unwrap();
    let text = must("pdftotext", &["-layout", "a.pdf", "-"], folder.path());
    let line = |line: &str| line.split([' ', '\u{a0}']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let page = |page: &str| page.lines().map(line).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
    let mut pages: Vec<_> = text.split('\u{c}').map(page).collect();
    assert_eq!(pages.pop().as_deref(), Some(""), "a page ends with a form feed");
    pages
}

/// A document's pages as a printer of 100 dots an inch makes them.
pub fn printed(pdf: &[u8]) -> Vec<Picture> {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("a.pdf"), pdf).unwrap();
    must("pdftoppm", &["-gray", "-r", "100", "a.pdf", "page"], folder.path());
    let mut files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "pgm"));
    files.sort();
    files.iter().map(|path| pgm(&std::fs::read(path).unwrap())).collect()
}

/// Reads "P5 width height 255" and the pixels.
fn pgm(bytes: &[u8]) -> Picture {
    let mut fields = bytes.splitn(4, |byte| byte.is_ascii_whitespace());
    let mut field = || fields.next().unwrap();
    assert_eq!(field(), b"P5");
    let [width, height] = [field(), field()].map(|digits| std::str::from_utf8(digits).unwrap().parse().unwrap());
    let pixels = field().strip_prefix(b"255\n").unwrap().to_vec();
    assert_eq!(pixels.len(), width * height);
    Picture { width, height, pixels }
}

/// What the only code in a picture says.
pub fn read_code(picture: &Picture) -> String {
    let shade = |x: usize, y: usize| picture.pixels[y * picture.width + x];
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(picture.width, picture.height, shade);
    let grids = prepared.detect_grids();
    assert_eq!(grids.len(), 1, "codes in the picture");
    grids[0].decode().unwrap().1
}

/// How much is printed in the margin of a page, where nothing belongs.
pub fn ink_in_margin(picture: &Picture) -> usize {
    // The margin is 42 points; ink may touch it.
    let margin = 42 * 100 / 72 - 2;
    let is_inside = |at: usize, size: usize| at >= margin && at < size - margin;
    let dark = picture.pixels.iter().enumerate().filter(|(_, shade)| **shade < 200);
    dark.filter(|(at, _)| !is_inside(at % picture.width, picture.width) || !is_inside(at / picture.width, picture.height)).count()
}
