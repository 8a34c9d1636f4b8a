//! The audit log: who did what, when and to what, of everything that is managed, everything that is done after a sale, what is set right at gates, and what
//! is done with customers. A line is a row of the batch of what it tells of, so that it is there if and only if that was done. It names things and says nothing
//! of what they hold. Lines that are old enough are forgotten, by whoever finds them in the tables ([`forget`]).
//!
//! Sales are not in it: each order has a book of its own; nor are scans, which gates keep. What was refused is not either, since a refusal leaves nothing behind.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::catalogue::manage::CatalogueCommand;
use crate::change::{Change, Key, Row};
use crate::command::{Command, Done, Planned, Reply};
use crate::customers::CustomerCommand;
use crate::error::{Code, Error};
use crate::gates::decide::GateCommand;
use crate::identity::check::Actor;
use crate::identity::manage::IdentityCommand;
use crate::identity::{Status, Subject};
use crate::ids::{AuditId, ChannelId, KeyId, OrderId, UserId, WebhookId};
use crate::messages::OutboxCommand;
use crate::moment::Timestamp;
use crate::orders::after::AfterSaleCommand;
use crate::orders::draft::Draft;
use crate::orders::market::{Mark, MarketCommand};
use crate::orders::resale::ResaleCommand;
use crate::voucher_orders::sell::VoucherOrderCommand;
use crate::world::World;

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLine {
    /// Grows with time; of the items' sequence.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: AuditActor,
    /// By which API.
    pub api: AuditApi,
    /// What was done.
    pub action: String,
    /// What sort of thing it was done to.
    pub kind: String,
    /// Which one, as that API names it.
    pub object: String,
}

/// Who did something: a key, a person, or a channel by its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditActor {
    /// Whether of the platform: its people and keys are not this operator's.
    pub platform: bool,
    /// The person.
    pub user: Option<UserId>,
    /// The key.
    pub key: Option<KeyId>,
    /// The channel.
    pub channel: Option<ChannelId>,
}

/// By which API something was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the APIs' own names")]
pub enum AuditApi {
    Management,
    OrdersManagement,
    Distribution,
    AccessControl,
    Customers,
}

impl AuditApi {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Management => "MGMT",
            Self::OrdersManagement => "ORDERS_MGMT",
            Self::Distribution => "DISTRIBUTION",
            Self::AccessControl => "ACCESS_CONTROL",
            Self::Customers => "CUSTOMERS",
        }
    }
}

impl AuditActor {
    fn of(subject: &Subject, world: &World) -> Self {
        let platform = subject.shard != world.shard;
        Self { platform, user: subject.user, key: subject.key, channel: subject.channel }
    }

    /// As a table finds it: the person, if it was one.
    pub fn word(&self) -> String {
        match (self.user, self.key, self.channel) {
            (Some(user), ..) => format!("user/{user}"),
            (_, Some(key), _) => format!("key/{key}"),
            (_, _, Some(channel)) => format!("channel/{channel}"),
            _ => String::new(),
        }
    }
}

/// The same, with its lines in the log if it is of the sort that has some.
///
/// # Errors
/// Those that were planned.
pub fn note(world: &World, now: Timestamp, actor: &Actor, command: &Command, planned: Planned) -> Planned {
    let Actor::Token(bearer) = actor else { return planned };
    let api = match command {
        Command::Identity(_) | Command::Catalogue(_) | Command::GiftVouchers(..) | Command::Outbox(_) => AuditApi::Management,
        Command::Commissions(_) | Command::Cancellation(_) => AuditApi::Management,
        Command::AfterSale(..) => AuditApi::OrdersManagement,
        Command::Market(_) | Command::Resale(_) | Command::VoucherOrder(VoucherOrderCommand::Refund(_)) => AuditApi::Distribution,
        Command::Gates(_, GateCommand::Clear(_) | GateCommand::Revoke(..) | GateCommand::Restore(_)) => AuditApi::AccessControl,
        Command::Customer(_) => AuditApi::Customers,
        _ => return planned,
    };
    let done = planned?;
    let deeds = deeds(world, command, &done);
    if deeds.is_empty() {
        return Ok(done);
    }
    let mut draft = Draft::resumed(world, done.changes);
    for Deed { action, kind, object } in deeds {
        let (id, by) = (AuditId(draft.item_id().0), AuditActor::of(&bearer.subject, world));
        draft.put(Arc::new(AuditLine { id, at: now, by, api, action: action.to_owned(), kind: kind.to_owned(), object }));
    }
    Ok(Done { changes: draft.finish(), reply: done.reply })
}

/// Lines that are forgotten at a time, at most.
pub const MAX_FORGOTTEN: usize = 500;

/// Takes lines out of the log: old ones, as whoever read them from the tables says.
///
/// # Errors
/// `FORBIDDEN_RESOURCE` for anybody but the engine; `DIST0005` for too many at once.
pub fn forget(actor: &Actor, lines: &[AuditId]) -> Planned {
    let Actor::System = actor else { return Err(Code::ForbiddenResource.into()) };
    if lines.len() > MAX_FORGOTTEN {
        return Err(Error::invalid(&["lines"]).into());
    }
    Ok(Done { changes: lines.iter().map(|line| Change::Delete(Key::AuditLine(*line))).collect(), reply: Reply::Done })
}

struct Deed {
    action: &'static str,
    kind: &'static str,
    object: String,
}

/// What a command did; of several orders, one for each.
fn deeds(world: &World, command: &Command, done: &Done) -> Vec<Deed> {
    match command {
        Command::Market(command) => of_marketplace(world, command, done),
        Command::Resale(command) => of_resale(command, done).into_iter().collect(),
        _ => deed(world, command, done).into_iter().collect(),
    }
}

/// The orders that were sold already are what a marketplace did something with: one that it makes has a book of its own.
fn of_marketplace(world: &World, command: &MarketCommand, done: &Done) -> Vec<Deed> {
    let action = match command {
        MarketCommand::Validate(_) => return Vec::new(),
        MarketCommand::Mark(Mark::Register, _) => "REGISTER",
        MarketCommand::Mark(Mark::Unregister, _) => "UNREGISTER",
        MarketCommand::Mark(Mark::Block, _) => "BLOCK",
        MarketCommand::Mark(Mark::Unblock, _) => "UNBLOCK",
        MarketCommand::Reissue(_) => "REISSUE",
    };
    let sold = |change: &Change| match change {
        Change::Put(Row::Order(order)) if world.resident_order(order.id).is_ok_and(|known| known.is_some()) => order.code(),
        _ => None,
    };
    done.changes.iter().filter_map(sold).map(|code| Deed { action, kind: "ORDER", object: code.to_string() }).collect()
}

fn of_resale(command: &ResaleCommand, done: &Done) -> Option<Deed> {
    let Reply::Listings(listings) = &done.reply else { return None };
    let action = match command {
        ResaleCommand::Offer(..) => "OFFER",
        ResaleCommand::Withdraw(_) => "WITHDRAW",
        ResaleCommand::Over | ResaleCommand::End(_) => return None,
    };
    listings.first().map(|listing| Deed { action, kind: "ORDER", object: listing.code.to_string() })
}

fn of_customer(command: &CustomerCommand, done: &Done) -> Option<Deed> {
    let of = |action, id: String| Some(Deed { action, kind: "CUSTOMER", object: id });
    match command {
        CustomerCommand::Create(_) => done.changes.iter().find_map(|change| match change {
            Change::Put(Row::Customer(customer)) => of("CREATE", customer.id.to_string()),
            _ => None,
        }),
        CustomerCommand::Read(_) => None,
        CustomerCommand::Change(id, _) => of("UPDATE", id.to_string()),
        CustomerCommand::Consent(id, ..) => of("CONSENT", id.to_string()),
        CustomerCommand::EraseOrder(_, order) => {
            let object = done.changes.iter().find_map(|change| code_of(change, *order))?;
            Some(Deed { action: "ERASE", kind: "ORDER", object })
        }
        CustomerCommand::Forget(id, _) => of("ERASE", id.to_string()),
    }
}

fn deed(world: &World, command: &Command, done: &Done) -> Option<Deed> {
    if let Command::AfterSale(order, command) = command {
        let of_changes = || done.changes.iter().find_map(|change| code_of(change, *order));
        let code = world.resident_order(*order).ok().flatten().and_then(|order| order.code()).map(|code| code.to_string());
        let object = code.or_else(of_changes)?;
        return (!done.changes.is_empty()).then_some(Deed { action: after_sale(command), kind: "ORDER", object });
    }
    let of_webhook = |action, hook: &WebhookId| Deed { action, kind: "WEBHOOK", object: hook.to_string() };
    match command {
        _ if done.changes.is_empty() => None,
        Command::Customer(command) => of_customer(command, done),
        Command::VoucherOrder(_) => done.changes.iter().find_map(|change| match change {
            Change::Put(Row::VoucherOrder(order)) => {
                order.code().map(|code| Deed { action: "REFUND", kind: "VOUCHER_ORDER", object: code.to_string() })
            }
            _ => None,
        }),
        Command::Gates(_, GateCommand::Clear(item)) => Some(Deed { action: "CLEAR", kind: "TICKET", object: item.to_string() }),
        // A barcode opens gates: it is not said which.
        Command::Gates(session, GateCommand::Revoke(..)) => {
            Some(Deed { action: "REVOKE_BARCODE", kind: "SESSION", object: session.to_string() })
        }
        Command::Gates(session, GateCommand::Restore(_)) => {
            Some(Deed { action: "RESTORE_BARCODE", kind: "SESSION", object: session.to_string() })
        }
        Command::Outbox(OutboxCommand::Test(hook)) => Some(of_webhook("TEST", hook)),
        Command::Outbox(OutboxCommand::Replay(hook, _)) => Some(of_webhook("REPLAY", hook)),
        Command::Catalogue(CatalogueCommand::RemoveBarcodes(session, _)) => {
            Some(Deed { action: "REMOVE_BARCODES", kind: "SESSION", object: session.to_string() })
        }
        Command::Identity(IdentityCommand::RotateKey(_) | IdentityCommand::RotateWebhook(_)) => {
            done.changes.iter().find_map(seen).map(|deed| Deed { action: "ROTATE", ..deed })
        }
        _ => done.changes.iter().find_map(seen),
    }
}

fn code_of(change: &Change, id: OrderId) -> Option<String> {
    match change {
        Change::Put(Row::Order(order)) if order.id == id => order.code().map(|code| code.to_string()),
        _ => None,
    }
}

const fn after_sale(command: &AfterSaleCommand) -> &'static str {
    match command {
        AfterSaleCommand::Refund(_) => "REFUND",
        AfterSaleCommand::Relocate(_) => "RELOCATE",
        AfterSaleCommand::CancelBooking => "CANCEL_BOOKING",
        AfterSaleCommand::Resend(_) => "RESEND",
        AfterSaleCommand::Note(_) => "NOTE",
        AfterSaleCommand::SetAttendees(_) => "CHANGE_ATTENDEES",
        AfterSaleCommand::Reprint(_) => "REPRINT",
        AfterSaleCommand::Transfer(_) => "TRANSFER",
    }
}

/// What the first image of something that is managed says was done to it.
fn seen(change: &Change) -> Option<Deed> {
    let row = match change {
        Change::Put(row) => row,
        Change::Delete(Key::Publication((session, channel))) => {
            return Some(Deed { action: "DELETE", kind: "PUBLICATION", object: format!("{session}/{channel}") });
        }
        Change::Delete(Key::Message(id)) => return Some(Deed { action: "TAKE", kind: "MESSAGE", object: id.to_string() }),
        Change::Delete(Key::Member((collective, _))) => {
            return Some(Deed { action: "REMOVE_MEMBER", kind: "COLLECTIVE", object: collective.to_string() });
        }
        Change::Delete(_) | Change::ForgetOutcomes(_) => return None,
    };
    let made = |kind, object: String, version: u64, status: Option<Status>| {
        let action = match (status, version) {
            (Some(Status::Gone), _) => "DELETE",
            (_, 1) => "CREATE",
            _ => "UPDATE",
        };
        Some(Deed { action, kind, object })
    };
    match row {
        Row::Operator(row) => made("OPERATOR", row.id.to_string(), row.version, Some(row.status)),
        Row::Entity(row) => made("ENTITY", row.id.to_string(), row.version, Some(row.status)),
        Row::User(row) => made("USER", row.id.to_string(), row.version, Some(row.status)),
        Row::Channel(row) => made("CHANNEL", row.id.to_string(), row.version, Some(row.status)),
        Row::ApiKey(row) => made("KEY", row.id.to_string(), row.version, Some(row.status)),
        Row::Terminal(row) => made("TERMINAL", row.id.to_string(), row.version, Some(row.status)),
        Row::PointOfSale(row) => made("POINT_OF_SALE", row.id.to_string(), row.version, Some(row.status)),
        Row::Webhook(row) => made("WEBHOOK", row.id.to_string(), row.version, Some(row.status)),
        Row::Venue(row) => made("VENUE", row.id.to_string(), row.version, None),
        Row::Template(row) => made("VENUE_TEMPLATE", row.id.to_string(), row.version, None),
        Row::Event(row) => made("EVENT", row.id.to_string(), row.version, None),
        Row::Session(row) => made("SESSION", row.id.to_string(), row.version, None),
        Row::Publication(row) => made("PUBLICATION", format!("{}/{}", row.session, row.channel), row.version, None),
        Row::Promotion(row) => made("PROMOTION", row.id.to_string(), row.version, Some(row.status)),
        Row::Product(row) => made("PRODUCT", row.id.to_string(), row.version, Some(row.status)),
        Row::Collective(row) => made("COLLECTIVE", row.id.to_string(), row.version, Some(row.status)),
        Row::VoucherGroup(row) => made("VOUCHER_GROUP", row.id.to_string(), row.version, Some(row.status)),
        Row::Voucher(row) => made("VOUCHER", row.id.to_string(), row.version, None),
        Row::GiftVouchers(row) => made("GIFT_VOUCHERS", row.channel.to_string(), row.version, None),
        Row::Commissions(row) => Some(Deed { action: "UPDATE", kind: "COMMISSIONS", object: row.channel.to_string() }),
        Row::Cancellation(row) => Some(Deed { action: "CANCEL", kind: "SESSION", object: row.session.to_string() }),
        Row::Member(row) => made("MEMBER", row.id.to_string(), row.version, None),
        Row::PlaceMarks(row) => Some(Deed { action: "MARK_PLACES", kind: "SESSION", object: row.session.to_string() }),
        Row::PoolBarcode(row) => Some(Deed { action: "IMPORT_BARCODES", kind: "SESSION", object: row.session.to_string() }),
        Row::Message(row) => Some(Deed { action: "RETRY", kind: "MESSAGE", object: row.id.to_string() }),
        _ => None,
    }
}
