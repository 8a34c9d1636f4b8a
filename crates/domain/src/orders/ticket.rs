//! A ticket as gates, lists and after-sale read it. How it stands is its order's to say; here is the row.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::TicketKind;
use crate::catalogue::plan::Place;
use crate::ids::{Barcode, ChannelId, EntityId, ItemId, OrderCode, OrderId, RateId, SessionId};
use crate::moment::Timestamp;

/// A ticket: the row that gates and after-sale read. Born at confirm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The item's id.
    pub id: ItemId,
    /// Its order.
    pub order: OrderId,
    /// The order's code.
    pub code: OrderCode,
    /// Of which session.
    pub session: SessionId,
    /// Which place.
    pub place: Place,
    /// What it was given for.
    #[serde(default)]
    pub kind: TicketKind,
    /// Opens the gate; unique per operator.
    pub barcode: Barcode,
    /// How it stands.
    pub state: TicketState,
    /// What lists find it by. Tickets of the first days lack it.
    #[serde(default)]
    pub sale: Option<Sale>,
    /// When something of it last became different.
    #[serde(default)]
    pub changed: Timestamp,
    /// Its tariff. Tickets of the first days lack it.
    #[serde(default)]
    pub rate: Option<RateId>,
    /// Who comes with it, as far as its event's form asks for it.
    #[serde(default)]
    pub attendee: Option<Arc<str>>,
}

/// What lists of tickets go by: who sold it and when, and whose event it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    /// Who sold it.
    pub channel: ChannelId,
    /// Whose event it is for.
    pub promoter: EntityId,
    /// When it was sold.
    pub at: Timestamp,
}

/// How a ticket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TicketState {
    /// Opens the gate.
    Valid,
    /// Was given back, and is dead.
    Refunded,
    /// Another place was given for it, and it is dead.
    Relocated,
    /// Its session was called off, and it is dead. It may still be given back or relocated.
    Cancelled,
    /// Opens the gate until a marketplace has sold it.
    Registered,
    /// Opens no gate as long as a marketplace keeps it from it.
    Blocked,
    /// Opens no gate as long as its owner offers it to others.
    Listed,
    /// It was sold again: another ticket has its place, and it is dead.
    Reissued,
}

impl TicketState {
    /// Whether its place is somebody's by it.
    pub const fn is_live(self) -> bool {
        match self {
            Self::Valid | Self::Registered | Self::Blocked | Self::Listed => true,
            Self::Refunded | Self::Relocated | Self::Cancelled | Self::Reissued => false,
        }
    }

    /// Whether it opens gates.
    pub const fn opens_gates(self) -> bool {
        match self {
            Self::Valid | Self::Registered => true,
            Self::Refunded | Self::Relocated | Self::Cancelled | Self::Blocked | Self::Listed | Self::Reissued => false,
        }
    }

    /// As tables and APIs name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "VALID",
            Self::Refunded => "REFUNDED",
            Self::Relocated => "RELOCATED",
            Self::Cancelled => "CANCELLED",
            Self::Registered => "REGISTERED",
            Self::Blocked => "BLOCKED",
            Self::Listed => "LISTED",
            Self::Reissued => "REISSUED",
        }
    }

    /// Whether it may be given back, for money or against another place.
    pub const fn may_come_back(self) -> bool {
        matches!(self, Self::Valid | Self::Cancelled)
    }
}
