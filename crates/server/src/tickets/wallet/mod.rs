//! Tickets as passes of a phone's wallet. Each wallet wants them signed by whoever issues them, so a wallet that was not set up has no passes; keys and
//! certificates are read once, at the start, and are shown to nobody.

mod apple;
mod google;
mod key;
mod picture;

use std::path::Path;

pub use apple::Apple;
pub use google::Google;
use serde::de::DeserializeOwned;

/// The wallets that were set up.
#[derive(Debug, Default)]
pub struct Wallets {
    /// Apple's: passes are files.
    pub apple: Option<Apple>,
    /// Google's: passes are links.
    pub google: Option<Google>,
}

impl Wallets {
    /// Reads the set-up of each wallet that has one; docs/TICKETS.md says what is in the files. Paths in a file start where it stands.
    ///
    /// # Errors
    /// What is wrong with which file, in a sentence for whoever starts the server.
    pub fn read(apple: Option<&Path>, google: Option<&Path>) -> Result<Self, String> {
        Ok(Self { apple: apple.map(Apple::read).transpose()?, google: google.map(Google::read).transpose()? })
    }
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| wrong(path, error))
}

fn json_of<T: DeserializeOwned>(path: &Path) -> Result<T, String> {
    serde_json::from_slice(&bytes_of(path)?).map_err(|error| wrong(path, error))
}

fn wrong(path: &Path, why: impl std::fmt::Display) -> String {
    format!("{}: {why}", path.display())
}

/// A colour as passes write it.
fn rgb([red, green, blue]: [u8; 3]) -> String {
    format!("rgb({red}, {green}, {blue})")
}

/// The colour of text that can be read on another one.
fn readable_on([red, green, blue]: [u8; 3]) -> [u8; 3] {
    let bright = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
    if bright > 150_000 { [0, 0, 0] } else { [255, 255, 255] }
}

#[cfg(test)]
mod tests {
    use super::readable_on;

    #[test]
    fn text_stands_out() {
        assert_eq!(
            [readable_on([0x22, 0x22, 0x22]), readable_on([0x9e, 0x45, 0]), readable_on([255, 221, 0])],
            [[255; 3], [255; 3], [0; 3]]
        );
    }
}
