//! A JSON body written once, with holes where numbers and flags change from sale to sale: filling it is copying, not encoding.

use std::cell::{Cell, RefCell};
use std::io::Write;

use aforo_domain::inventory::Availability;
use serde::{Serialize, Serializer};

/// What goes into a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hole {
    /// The places of a figure.
    Total(usize),
    /// The free places of a figure.
    Available(usize),
    /// Whether it is for sale.
    ForSale,
    /// Whether it is on sale now.
    OnSale,
    /// Whether nothing is left: of the first figure.
    SoldOut,
}

/// What holes are filled with.
#[derive(Debug, Clone, Copy)]
pub struct Filling<'a> {
    /// The counts, as the body's maker numbers them.
    pub figures: &'a [Availability],
    /// For [`Hole::ForSale`].
    pub for_sale: bool,
    /// For [`Hole::OnSale`].
    pub on_sale: bool,
}

/// A body with holes.
#[derive(Debug)]
pub struct Stencil {
    /// The body; each hole is one byte of it.
    text: Vec<u8>,
    /// Where, and what goes there.
    holes: Vec<(usize, Hole)>,
}

/// Notes where the holes are while a body is written.
#[derive(Debug, Default)]
pub struct Pen {
    written: Cell<usize>,
    holes: RefCell<Vec<(usize, Hole)>>,
}

/// A value of a wire type that is filled in later.
#[derive(Debug, Clone, Copy)]
pub struct Live<'a>(&'a Pen, Hole);

impl Pen {
    /// A value that is filled in later.
    pub const fn hole(&self, hole: Hole) -> Live<'_> {
        Live(self, hole)
    }

    /// Writes a body whose live values are of this pen.
    pub fn write<T: Serialize>(&self, body: &T) -> Stencil {
        let mut text = Vec::with_capacity(4096);
        if let Err(error) = serde_json::to_writer(Counted(self, &mut text), body) {
            // Only a map with keys that are no strings could do this: a mistake in a wire type.
            panic!("an answer is no JSON: {error}");
        }
        Stencil { text, holes: self.holes.take() }
    }
}

impl Serialize for Live<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(pen, hole) = self;
        pen.holes.borrow_mut().push((pen.written.get(), *hole));
        serializer.serialize_u8(0)
    }
}

struct Counted<'a>(&'a Pen, &'a mut Vec<u8>);

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.1.extend_from_slice(bytes);
        self.0.written.set(self.1.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Stencil {
    /// The body with its holes filled.
    pub fn fill(&self, filling: &Filling<'_>) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.text.len() + self.holes.len() * 5);
        let mut done = 0;
        for (at, hole) in &self.holes {
            body.extend_from_slice(&self.text[done..*at]);
            match hole {
                Hole::Total(figure) => push_number(&mut body, filling.figures[*figure].total),
                Hole::Available(figure) => push_number(&mut body, filling.figures[*figure].available),
                Hole::ForSale => push_flag(&mut body, filling.for_sale),
                Hole::OnSale => push_flag(&mut body, filling.on_sale),
                Hole::SoldOut => push_flag(&mut body, filling.figures.first().is_none_or(|all| all.available == 0)),
            }
            done = at + 1;
        }
        body.extend_from_slice(&self.text[done..]);
        body
    }
}

fn push_flag(body: &mut Vec<u8>, flag: bool) {
    body.extend_from_slice(if flag { b"true" } else { b"false" });
}

fn push_number(body: &mut Vec<u8>, mut number: u32) {
    let mut digits = [0; 10];
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    body.extend_from_slice(&digits[first..]);
}

#[cfg(test)]
mod tests {
    use aforo_domain::inventory::Availability;
    use serde_json::json;

    use super::{Filling, Hole, Live, Pen};

    #[derive(serde::Serialize)]
    struct Body<'a> {
        name: &'a str,
        total: Live<'a>,
        nested: Vec<(Live<'a>, u32)>,
        sold_out: Live<'a>,
    }

    #[test]
    fn holes_are_filled_where_they_were_written() {
        let pen = Pen::default();
        let nested = vec![(pen.hole(Hole::Available(1)), 0), (pen.hole(Hole::Available(0)), 7)];
        let body = Body { name: "total: 0 \"é\"", total: pen.hole(Hole::Total(1)), nested, sold_out: pen.hole(Hole::SoldOut) };
        let stencil = pen.write(&body);
        let fill = |available| {
            let figures = [Availability { total: 4_294_967_295, available }, Availability { total: 10, available: 0 }];
            let body = stencil.fill(&Filling { figures: &figures, for_sale: true, on_sale: false });
            serde_json::from_slice::<serde_json::Value>(&body).unwrap()
        };
        assert_eq!(fill(205), json!({"name": "total: 0 \"é\"", "total": 10, "nested": [[0, 0], [205, 7]], "sold_out": false}));
        assert_eq!(fill(0)["sold_out"], true);
    }
}
