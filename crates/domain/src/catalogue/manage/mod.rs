//! Management of the catalogue: who may create and change venues, templates, events, sessions, publications and blocked places.
//!
//! Whoever works in an operator may see and use its venues and templates; everything is changed by its own entity's EVENT_MANAGER, by an
//! OPERATOR_ADMIN or by a PLATFORM_ADMIN. To others it looks as if it were not there. How a template's document becomes sectors is [`document`]'s.

mod authority;
mod barcodes;
mod collectives;
pub mod document;
mod events;
mod members;
pub(crate) mod places;
mod postpone;
mod products;
mod promotions;
mod publications;
mod seasons;
mod sessions;
mod templates;
mod venues;
mod vouchers;

use std::sync::Arc;

pub use authority::Authority;
pub use barcodes::{Imported, NotAdded, PoolPage};
pub use collectives::{CollectiveCommand, CollectiveSpec};
pub use events::EventSpec;
pub use members::{LineRefused, MemberSpec, MembersImported};
pub use places::{MarkPlaces, Marking, PlaceGroup};
pub use postpone::Postponement;
pub use products::ProductSpec;
pub use promotions::PromotionSpec;
pub use publications::PublicationSpec;
pub use sessions::{RateSpec, SessionSpec};
pub use templates::{Outline, PriceTypeSpec, QuotaSpec, TemplateSpec};
pub use venues::VenueSpec;
pub use vouchers::{Issue, VoucherCommand, VoucherGroupSpec};

use super::plan::Sector;
use super::{Catalogue, Readiness};
use crate::change::Change;
use crate::command::{Done, Planned, Reply};
use crate::error::{Code, Error};
use crate::identity::Role;
use crate::identity::check::Actor;
use crate::identity::manage::MAX_GIVEN_ID;
use crate::ids::{Barcode, ChannelId, EventId, ProductId, PromotionId, SessionId, TemplateId, VenueId};
use crate::moment::Moment;
use crate::world::World;

/// What is saved: something new, with an id of the caller's choosing or without, or something that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<I> {
    /// `CONFLICT` if the chosen id is in use.
    New(Option<I>),
    /// `NOT_FOUND` if it is not there or not the caller's; `CONFLICT` if it was changed since the version the caller saw.
    Existing(I, Option<u64>),
}

/// What can be asked about the catalogue. Answers are `Reply::Ids` with the id of what was saved, unless said.
#[derive(Debug, Clone)]
pub enum CatalogueCommand {
    /// A call of many lines begins: whether the caller may manage anything at all. Changes nothing, and answers `Reply::Done`.
    Begin,
    /// Make or replace a venue.
    SaveVenue(Target<VenueId>, VenueSpec),
    /// Begin a template: everything but its sectors. Answers its id, then its price types' and its sectors' in the order given.
    BeginTemplate(Option<TemplateId>, Outline),
    /// Add a sector to a template that was begun.
    AddSector(Arc<Sector>),
    /// End a template: it has all its sectors, and sessions may use it.
    CompleteTemplate(TemplateId),
    /// Change what may change of a complete template.
    ChangeTemplate(TemplateId, Option<u64>, TemplateSpec),
    /// Make or replace an event.
    SaveEvent(Target<EventId>, EventSpec),
    /// Make or replace a session.
    SaveSession(Target<SessionId>, Box<SessionSpec>),
    /// Make a session and publish it, all of it or nothing.
    AddSession(Box<SessionSpec>, Vec<(ChannelId, PublicationSpec)>),
    /// Move a session to another time.
    Postpone(Postponement),
    /// Publish a session in a channel, or change how.
    Publish(SessionId, ChannelId, Option<u64>, PublicationSpec),
    /// Take a session out of a channel.
    Unpublish(SessionId, ChannelId, Option<u64>),
    /// Make or replace a promotion.
    SavePromotion(Target<PromotionId>, Box<PromotionSpec>),
    /// Take a promotion out of use for good.
    RetirePromotion(PromotionId, Option<u64>),
    /// Make or replace a product.
    SaveProduct(Target<ProductId>, Box<ProductSpec>),
    /// Take a product out of every channel for good.
    EndProduct(ProductId, Option<u64>),
    /// Block, unblock or move places of a session.
    Mark(MarkPlaces),
    /// Add barcodes to a session's pool. None has the form of a generated one. Answers `Reply::Imported`.
    ImportBarcodes(SessionId, Arc<[Barcode]>),
    /// Take at most so many free barcodes out of a session's pool. Answers `Reply::Removed`.
    RemoveBarcodes(SessionId, usize),
    /// Look at a session's pool: its counts, and after so many at most so many of its barcodes. Answers `Reply::Pool`.
    ReadBarcodes(SessionId, usize, usize),
    /// What is about vouchers.
    Vouchers(VoucherCommand),
    /// What is about collectives: who manages channels may do that, too.
    Collectives(CollectiveCommand),
}

/// Decides.
///
/// # Errors
/// `FORBIDDEN_RESOURCE`, `AUTH0027`, then `NOT_FOUND`, `DIST0001`, `DIST0005`, `DIST0006` or `CONFLICT` by what was asked.
pub fn plan(world: &World, moment: &Moment, actor: &Actor, command: &CatalogueCommand) -> Planned {
    let roles: &[Role] = match command {
        CatalogueCommand::Collectives(_) => &[Role::EventManager, Role::ChannelManager],
        _ => &[Role::EventManager],
    };
    let desk = Desk { world, authority: Authority::of(world, moment, actor, roles)? };
    match command {
        CatalogueCommand::Begin => Ok(Done { changes: Vec::new(), reply: Reply::Done }),
        CatalogueCommand::SaveVenue(target, spec) => desk.save_venue(*target, spec),
        CatalogueCommand::BeginTemplate(id, outline) => desk.begin_template(*id, outline),
        CatalogueCommand::AddSector(sector) => desk.add_sector(sector),
        CatalogueCommand::CompleteTemplate(id) => desk.complete_template(*id),
        CatalogueCommand::ChangeTemplate(id, version, spec) => desk.change_template(*id, *version, spec),
        CatalogueCommand::SaveEvent(target, spec) => desk.save_event(*target, spec),
        CatalogueCommand::SaveSession(target, spec) => desk.save_session(*target, spec),
        CatalogueCommand::AddSession(spec, channels) => desk.add_session(spec, channels),
        CatalogueCommand::Postpone(postponement) => desk.postpone(postponement, moment.now),
        CatalogueCommand::Publish(session, channel, version, spec) => desk.publish(*session, *channel, *version, spec),
        CatalogueCommand::Unpublish(session, channel, version) => desk.unpublish(*session, *channel, *version),
        CatalogueCommand::SavePromotion(target, spec) => desk.save_promotion(*target, spec),
        CatalogueCommand::RetirePromotion(id, version) => desk.retire_promotion(*id, *version),
        CatalogueCommand::SaveProduct(target, spec) => desk.save_product(*target, spec),
        CatalogueCommand::EndProduct(id, version) => desk.end_product(*id, *version),
        CatalogueCommand::Mark(request) => desk.mark_places(request),
        CatalogueCommand::ImportBarcodes(session, barcodes) => desk.import_barcodes(*session, barcodes),
        CatalogueCommand::RemoveBarcodes(session, limit) => desk.remove_barcodes(*session, *limit),
        CatalogueCommand::ReadBarcodes(session, offset, limit) => desk.read_barcodes(*session, *offset, *limit),
        CatalogueCommand::Vouchers(command) => desk.vouchers(command, moment.now),
        CatalogueCommand::Collectives(command) => desk.collectives(command),
    }
}

/// Where the catalogue's management is decided.
struct Desk<'a> {
    world: &'a World,
    authority: Authority<'a>,
}

impl<'a> Desk<'a> {
    fn catalogue(&self) -> &'a Catalogue {
        &self.world.catalogue
    }
}

/// One row saved, and its id answered.
fn saved(change: impl Into<Change>, id: u64) -> Planned {
    Ok(Done { changes: vec![change.into()], reply: Reply::Ids(vec![id]) })
}

/// `CONFLICT` unless the row is as the caller saw it.
fn unchanged(version: u64, seen: Option<u64>) -> Result<(), Error> {
    if seen.is_none_or(|seen| seen == version) { Ok(()) } else { Err(Error::new(Code::Conflict).because("changed meanwhile")) }
}

/// The id of something new: the one chosen, or one more than the largest there is.
///
/// # Errors
/// `CONFLICT` if the chosen one is in use, `DIST0005` if it is too large.
pub(crate) fn new_id(chosen: Option<u64>, used: impl Iterator<Item = u64>) -> Result<u64, Error> {
    let Some(chosen) = chosen else { return Ok(used.max().unwrap_or(0) + 1) };
    if chosen == 0 || chosen >= MAX_GIVEN_ID {
        return Err(Error::invalid(&["id"]));
    }
    let mut used = used;
    if used.any(|id| id == chosen) { Err(in_use(chosen)) } else { Ok(chosen) }
}

/// `CONFLICT` over an id.
fn in_use(id: u64) -> Error {
    Error::new(Code::Conflict).with_details([id]).because("the id is in use")
}

/// `CONFLICT` unless something may go from one status to the other.
fn check_step(from: Readiness, to: Readiness) -> Result<(), Error> {
    use Readiness::{Archived, Cancelled, Planned, Ready};
    match (from, to) {
        (Planned | Ready, _) | (Cancelled, Cancelled | Archived) | (Archived, Archived) => Ok(()),
        (Cancelled | Archived, _) => Err(Error::new(Code::Conflict).because("what was cancelled or archived does not come back")),
    }
}
