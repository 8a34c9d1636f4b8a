//! Tickets as people hold them: a page to print, a code to show, a pass for a phone. Made from an order, its tickets and what is published; nothing is
//! stored, and no rule is here. Who may have which ticket is the caller's to decide.

pub mod face;
mod page;
pub mod qr;
mod text;
pub mod wallet;
pub mod words;

use std::fmt;

use aforo_domain::orders::{Order, Ticket};

pub use page::pdf;

/// Those of an order's tickets that are valid, in the order of its items: what was given back opens no gate, and whoever holds it should not be led to one.
pub fn valid(mut tickets: Vec<Ticket>, order: &Order) -> Vec<Ticket> {
    tickets.retain(|ticket| ticket.state.opens_gates());
    tickets.sort_by_key(|ticket| order.items.iter().position(|item| item.id == ticket.id));
    tickets
}

/// A picture, page or pass that could not be made, which is a mistake of this program or of its set-up.
#[derive(Debug)]
pub struct Broken {
    what: &'static str,
    why: String,
}

impl Broken {
    /// What was to be made, and why it could not be.
    pub fn of(what: &'static str, why: impl fmt::Display) -> Self {
        Self { what, why: why.to_string() }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.why)
    }
}

impl std::error::Error for Broken {}
