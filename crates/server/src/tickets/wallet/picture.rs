//! The pictures that a pass has to have: a ticket with its two notches, drawn at whatever size is asked for.

use crate::tickets::{Broken, qr};

/// A square PNG of a white ticket on a colour.
///
/// # Errors
/// [`Broken`] if it cannot be encoded.
pub fn icon(side: usize, [red, green, blue]: [u8; 3]) -> Result<Vec<u8>, Broken> {
    let mut pixels = Vec::with_capacity(side * side * 3);
    for y in 0..side {
        for x in 0..side {
            let white = coverage(x, y, side);
            pixels.extend([red, green, blue].map(|part| (f32::from(part) + (255.0 - f32::from(part)) * white).round() as u8));
        }
    }
    qr::encode(side, png::ColorType::Rgb, &pixels)
}

/// How much of a pixel the ticket covers, 0 to 1, by sixteen points in it.
fn coverage(x: usize, y: usize, side: usize) -> f32 {
    let at = |pixel: usize, part: usize| (pixel as f32 + (part as f32 + 0.5) / 4.0) / side as f32;
    let inside = (0..16).filter(|point| is_ticket(at(x, point % 4), at(y, point / 4))).count();
    inside as f32 / 16.0
}

/// Whether a point of the unit square is on the ticket.
fn is_ticket(x: f32, y: f32) -> bool {
    let body = (0.14..0.86).contains(&x) && (0.28..0.72).contains(&y);
    let notch = |edge: f32| (x - edge).hypot(y - 0.5) < 0.09;
    let perforation = (x - 0.64).abs() < 0.018 && ((y - 0.28) / 0.088) as usize % 2 == 1;
    body && !notch(0.14) && !notch(0.86) && !perforation
}
