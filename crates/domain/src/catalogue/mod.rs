//! What is sold: venues, templates, events, sessions and their publication in channels, as they are stored.
//!
//! A template's seats are compiled into a [`plan::Plan`]; which of a session's places are free is `inventory`'s. Who may change what: [`manage`].

pub mod manage;
pub mod plan;
mod presale;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::barcodes::BarcodeSource;
use crate::collectives::Collective;
use crate::commissions::Commissions;
use crate::forms::Form;
use crate::gates::GateRules;
use crate::identity::{Channel, Surcharge};
use crate::ids::{
    ChannelId, CollectiveId, EntityId, EventId, PriceTypeId, ProductId, PromotionId, QuotaId, RateId, SectorId, SessionId, TaxId,
    TemplateId, VenueId, VoucherGroupId,
};
use crate::moment::{Timestamp, Window};
use crate::money::{Currency, Minor, Percent};
use crate::products::Product;
use crate::promotions::Promotion;
use crate::resale::EventResale;
use crate::seasons::Season;
use crate::text::{Language, Localized};
use crate::voucher_orders::GiftVouchers;
use crate::vouchers::VoucherGroup;
use plan::{Plan, Sector};
pub use presale::{Access, MAX_PRESALES, Presale, PresaleCode};

/// A name with the code that addresses use ("ES" Spain, "ES-B" Barcelona).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Coded {
    /// ISO 3166 code.
    pub code: String,
    /// Shown to people.
    pub name: String,
}

/// A place where events happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Venue {
    /// Unique in its operator.
    pub id: VenueId,
    /// Its owner.
    pub entity: EntityId,
    /// Shown to people.
    pub name: String,
    /// Street and number.
    pub address: String,
    /// City.
    pub city: String,
    /// Country (ISO 3166-1).
    pub country: Coded,
    /// Part of the country (ISO 3166-2).
    pub country_subdivision: Coded,
    /// Postal code.
    pub postal_code: Option<String>,
    /// IANA time zone in which its sessions' times are shown.
    pub time_zone: String,
    /// A picture's address.
    pub image: Option<String>,
    /// Retired venues take no new templates.
    pub retired: bool,
    /// Counts the changes.
    pub version: u64,
}

/// A class of places that cost the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceType {
    /// Unique in its operator.
    pub id: PriceTypeId,
    /// Shown to people.
    pub name: String,
    /// Short code.
    pub code: String,
    /// Where it stands in a list.
    pub order: u32,
    /// "#9E4500".
    pub color: String,
    /// Name in other languages.
    pub names: Localized,
    /// Description.
    pub descriptions: Localized,
}

/// Places kept for the channels whose publication lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// Unique in its template. The first of a template is GENERAL.
    pub id: QuotaId,
    /// Shown to people.
    pub name: String,
    /// How long before a session's start its places become GENERAL ones, in milliseconds; never, if `None`. GENERAL itself has none.
    #[serde(default)]
    pub release_ms: Option<i64>,
}

/// A version of a venue's plan: everything but the seats, which are in its sectors. Never changed once a session uses it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// Unique in its operator.
    pub id: TemplateId,
    /// Of which venue.
    pub venue: VenueId,
    /// Shown to people.
    pub name: String,
    /// At most 256.
    pub price_types: Vec<PriceType>,
    /// At most 255; the first is GENERAL.
    pub quotas: Vec<Quota>,
    /// In this order; stored before the template.
    pub sectors: Vec<SectorId>,
    /// Whether single seats may not be left free.
    pub check_orphan_seats: bool,
    /// Whether places have coordinates that a map can draw.
    pub graphic: bool,
    /// What the best seats are near to, in the plan's units.
    pub focal_point: Option<(i32, i32)>,
    /// Retired templates take no new sessions.
    pub retired: bool,
    /// Counts the changes.
    pub version: u64,
}

/// How far something has been prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Readiness {
    /// Being prepared: no channel sees it.
    Planned,
    /// May be sold.
    Ready,
    /// Called off: sells nothing any more.
    Cancelled,
    /// Over and put away.
    Archived,
}

/// Pictures by role; each maps a language to an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Images {
    /// The main one.
    pub main: Localized,
    /// Wide ones.
    pub landscape: Vec<Localized>,
}

/// What is performed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Unique in its operator.
    pub id: EventId,
    /// The promoter.
    pub entity: EntityId,
    /// Shown to people.
    pub name: String,
    /// How far prepared.
    pub readiness: Readiness,
    /// Of all its sessions' prices.
    pub currency: Currency,
    /// Texts that have no other language fall back to this.
    pub default_language: Language,
    /// Title.
    pub titles: Localized,
    /// Subtitle.
    pub subtitles: Localized,
    /// A sentence or two.
    pub short_descriptions: Localized,
    /// As long as it takes.
    pub long_descriptions: Localized,
    /// Pictures.
    pub images: Images,
    /// Code of its category, of the category above, and the promoter's own.
    pub category: Category,
    /// What it asks of each attendee.
    #[serde(default)]
    pub attendee_form: Form,
    /// What its sessions are.
    #[serde(default)]
    pub kind: EventKind,
    /// On which terms its tickets may be sold again.
    #[serde(default)]
    pub resale: EventResale,
    /// Counts the changes.
    pub version: u64,
}

/// What an event's sessions are to who looks for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum EventKind {
    /// Dates on which it is performed.
    #[default]
    Normal,
    /// Time slots of something that goes on: places in them are not numbered.
    Activity,
}

/// Codes of an event's category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Category {
    /// Its code.
    pub code: String,
    /// The one above.
    pub parent: Option<String>,
    /// The promoter's own.
    pub custom: Option<String>,
}

/// A tariff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// Unique in its operator.
    pub id: RateId,
    /// Shown to people.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub kind: RateKind,
}

/// What a tariff is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum RateKind {
    /// Sold at its prices.
    #[default]
    Sale,
    /// Given away for nothing, by who may; it has no prices.
    Invitation {
        /// The only quota it is given from, whether or not the publication lists it; else those of the publication.
        quota: Option<QuotaId>,
    },
}

impl Rate {
    /// Whether it is an invitation.
    pub const fn is_invitation(&self) -> bool {
        matches!(self.kind, RateKind::Invitation { .. })
    }
}

/// A tax that prices include.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tax {
    /// Unique in its operator.
    pub id: TaxId,
    /// Shown to people ("IVA 21%").
    pub name: String,
    /// The rate.
    pub percent: Percent,
}

/// One date of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Unique in its operator.
    pub id: SessionId,
    /// Of which event.
    pub event: EventId,
    /// Which plan it sells.
    pub template: TemplateId,
    /// Shown to people.
    pub name: String,
    /// How far prepared.
    pub readiness: Readiness,
    /// Whether selling is switched on.
    pub selling: bool,
    /// When it begins.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
    /// Whether the beginning may still move.
    pub start_unconfirmed: bool,
    /// When it is sold.
    pub sale: Window,
    /// When it may be booked.
    pub booking: Option<Window>,
    /// Title.
    pub titles: Localized,
    /// Description.
    pub descriptions: Localized,
    /// Pictures, else the event's.
    pub images: Images,
    /// Its tariffs. Never empty.
    pub rates: Vec<Rate>,
    /// The tariff of who asks for none; one of `rates`, and no invitation.
    pub default_rate: RateId,
    /// Price of each price type at each rate, taxes included. An invitation has none.
    #[serde(with = "as_pairs")]
    pub prices: BTreeMap<(PriceTypeId, RateId), Minor>,
    /// Taxes that the price includes.
    pub ticket_taxes: Vec<Tax>,
    /// Taxes that surcharges include.
    pub surcharge_taxes: Vec<Tax>,
    /// What the promoter adds.
    pub surcharges: Vec<Surcharge>,
    /// Places one buyer may have at most.
    pub buyer_limit: Option<u32>,
    /// Where its tickets have their barcodes from.
    #[serde(default)]
    pub barcodes: BarcodeSource,
    /// What another system calls it.
    pub external_reference: Option<String>,
    /// When it was to begin before it was moved to another time.
    #[serde(default)]
    pub postponed_from: Option<Timestamp>,
    /// Whether every item needs a promotion to be sold.
    #[serde(default)]
    pub promotion_required: bool,
    /// The sessions that its tickets are for, if they are season tickets. It begins with the first of them and ends with the last.
    #[serde(default)]
    pub season: Option<Season>,
    /// How its gates work.
    #[serde(default)]
    pub gates: GateRules,
    /// When its tickets may be sold again, where its event lets them; `None`: never.
    #[serde(default)]
    pub resale: Option<Window>,
    /// Counts the changes.
    pub version: u64,
}

impl Session {
    /// Whether a ticket of it opens the gate of a session: its own, or of a season any of its sessions'.
    pub fn covers(&self, session: SessionId) -> bool {
        self.id == session || self.season.as_ref().is_some_and(|season| season.covers(session))
    }
}

/// That a channel sells a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// Which session.
    pub session: SessionId,
    /// Where.
    pub channel: ChannelId,
    /// The quotas it sells from, its own before GENERAL. Never empty.
    pub quotas: Vec<QuotaId>,
    /// Whether the catalogue lists it.
    pub on_catalog: bool,
    /// Its own sale window, within the session's.
    pub sale: Option<Window>,
    /// Places it may sell at most.
    pub sales_limit: Option<u32>,
    /// When it is open to some beside; at most [`MAX_PRESALES`].
    #[serde(default)]
    pub presales: Vec<Presale>,
    /// Counts the changes.
    pub version: u64,
}

/// A session with all that it refers to, resolved once when something changes and then shared.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The session.
    pub session: Arc<Session>,
    /// Its event.
    pub event: Arc<Event>,
    /// Its venue.
    pub venue: Arc<Venue>,
    /// Its places.
    pub plan: Arc<Plan>,
    /// Where it is sold.
    pub publications: HashMap<ChannelId, Arc<Publication>>,
    /// The promotions that come by themselves with its items; of most sessions none.
    pub automatic: Vec<Arc<Promotion>>,
    /// Of a season, its sessions by start and id.
    pub members: Vec<Covered>,
}

/// One of a season's sessions.
#[derive(Debug, Clone)]
pub struct Covered {
    /// It.
    pub session: Arc<Session>,
    /// Its event; not always the season's own.
    pub event: Arc<Event>,
}

/// All of a shard's catalogue: shared with the HTTP layer as it is. Seat states are not here.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// By id; the same for the rest.
    pub venues: HashMap<VenueId, Arc<Venue>>,
    /// Templates, compiled with their sectors.
    pub plans: HashMap<TemplateId, Arc<Plan>>,
    /// Sectors of templates that are not complete yet.
    pub sectors: HashMap<(TemplateId, SectorId), Arc<Sector>>,
    /// Events.
    pub events: HashMap<EventId, Arc<Event>>,
    /// Sessions with all that they refer to.
    pub offers: HashMap<SessionId, Arc<Offer>>,
    /// Voucher groups.
    pub voucher_groups: HashMap<VoucherGroupId, Arc<VoucherGroup>>,
    /// Collectives.
    pub collectives: HashMap<CollectiveId, Arc<Collective>>,
    /// The gift vouchers that channels sell.
    pub gift_vouchers: HashMap<ChannelId, Arc<GiftVouchers>>,
    /// What channels keep of what they sell.
    pub commissions: HashMap<ChannelId, Arc<Commissions>>,
    /// Promotions.
    pub promotions: HashMap<PromotionId, Arc<Promotion>>,
    /// Products. How many are left is not here.
    pub products: HashMap<ProductId, Arc<Product>>,
}

/// Where GENERAL stands among a template's quotas.
pub const GENERAL: u8 = 0;

/// How a session stands in a channel at an instant (rules.md, "Flags").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SaleState {
    /// Published, ready, selling switched on.
    pub for_sale: bool,
    /// For sale, and now within the window.
    pub on_sale: bool,
}

impl Offer {
    /// How it stands in a channel; `None` where it is not to be seen at all: not published there, not ready, or cancelled.
    pub fn in_channel(&self, channel: ChannelId, now: Timestamp) -> Option<(&Publication, SaleState)> {
        let publication = self.publications.get(&channel)?;
        if self.session.readiness != Readiness::Ready || self.event.readiness != Readiness::Ready || self.is_cancelled() {
            return None;
        }
        let for_sale = self.session.selling;
        let on_sale = for_sale && self.session.sale.contains(now) && publication.sale.is_none_or(|window| window.contains(now));
        Some((publication, SaleState { for_sale, on_sale }))
    }

    /// Whether it was called off, itself or its event, or of a season one of its sessions: then it is not the season any more that was offered.
    pub fn is_cancelled(&self) -> bool {
        let is_off = |session: &Session, event: &Event| [session.readiness, event.readiness].contains(&Readiness::Cancelled);
        is_off(&self.session, &self.event) || self.members.iter().any(|member| is_off(&member.session, &member.event))
    }

    /// The quotas that a channel sells from at an instant, as indexes into the template's: those of its publication in their order, without the
    /// released ones, which come behind GENERAL for who sells from that.
    pub fn quotas(&self, publication: &Publication, now: Timestamp) -> Vec<u8> {
        let released = |quota: &u8| self.release(*quota).is_some_and(|release| release <= now);
        let (mut quotas, mut general) = (Vec::with_capacity(publication.quotas.len()), false);
        for quota in publication.quotas.iter().filter_map(|quota| self.plan.quota_index(*quota)) {
            general |= quota == GENERAL;
            if !released(&quota) {
                quotas.push(quota);
            }
        }
        if general {
            quotas.extend((0..self.plan.template.quotas.len() as u8).filter(released));
        }
        quotas
    }

    /// When next a quota is released after an instant: until then [`Self::quotas`] stays as it is.
    pub fn next_release(&self, now: Timestamp) -> Option<Timestamp> {
        let releases = (0..self.plan.template.quotas.len() as u8).filter_map(|quota| self.release(quota));
        releases.filter(|release| *release > now).min()
    }

    fn release(&self, quota: u8) -> Option<Timestamp> {
        let quota = &self.plan.template.quotas[usize::from(quota)];
        Some(self.session.start.plus_ms(-quota.release_ms?))
    }

    /// The tariff asked for, else the default one.
    pub fn rate(&self, id: Option<RateId>) -> Option<&Rate> {
        let id = id.unwrap_or(self.session.default_rate);
        self.session.rates.iter().find(|rate| rate.id == id)
    }

    /// The tariffs that a channel is shown: invitations only where it may give them.
    pub fn rates_in(&self, channel: &Channel) -> impl Iterator<Item = &Rate> {
        let invites = channel.invitations;
        self.session.rates.iter().filter(move |rate| invites || !rate.is_invitation())
    }
}

/// A map as a list of pairs: JSON, which the tables hold, has no keys but strings.
mod as_pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<K: Serialize, V: Serialize, S: Serializer>(map: &BTreeMap<K, V>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub fn deserialize<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(deserializer)?.into_iter().collect())
    }
}
