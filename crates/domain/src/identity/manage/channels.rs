//! Channels: ways to sell, made and changed by the managers of their entity.

use std::sync::Arc;

use super::{Edit, Here, Reach, all_good, find, is_name, made, new_id, reach, unchanged};
use crate::command::Done;
use crate::error::{Code, Error};
use crate::forms::Form;
use crate::identity::check::Actor;
use crate::identity::terms::{self, BookingTerms, DeliveryMethod, Insurance};
use crate::identity::{BuyerField, Channel, ChannelKind, MetadataRules, Role, Status, Surcharge};
use crate::ids::{ChannelId, EntityId};
use crate::moment::DAY_MS;
use crate::money::{Currency, MAX_MINOR, Minor, Percent};
use crate::resale::ChannelResale;
use crate::taxes::{TaxSpec, Taxes};
use crate::text::Language;

/// A channel to be made.
#[derive(Debug, Clone)]
pub struct NewChannel {
    /// Reserved in the platform's directory.
    pub id: ChannelId,
    /// Its owner.
    pub entity: EntityId,
    /// What it is.
    pub kind: ChannelKind,
    /// The currency of its surcharges and of an empty order.
    pub currency: Currency,
    /// All that can be changed later.
    pub settings: Settings,
}

/// Keys that a channel's own fields of its buyer form cannot have: they are what every buyer has.
const BUYER_KEYS: &[&str] = &["email", "name", "surname", "phone", "id_number", "address", "city", "postal_code", "country", "language"];

/// What of a channel can be changed; see [`Channel`] for each.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of a channel")]
pub struct Settings {
    pub name: String,
    pub languages: Vec<Language>,
    pub hold_ms: i64,
    pub hold_max_ms: i64,
    pub payment_ms: i64,
    pub max_items: u32,
    pub surcharges: Vec<Surcharge>,
    pub buyer_mandatory: Vec<BuyerField>,
    pub override_orphan_seats: bool,
    pub metadata: MetadataRules,
    pub delivery_methods: Vec<DeliveryMethod<TaxSpec>>,
    pub insurances: Vec<Insurance<TaxSpec>>,
    pub invitations: bool,
    pub buyer_form: Form,
    pub booking: BookingTerms,
    pub loyalty: bool,
    pub mail: bool,
    pub mail_tickets: bool,
    pub customers: bool,
    pub resale: ChannelResale,
}

impl Settings {
    /// What a channel has unless it says otherwise (rules.md, "Life"): ten minutes to fill a basket, an hour in all, ten minutes to pay.
    pub fn usual(name: String, languages: Vec<Language>) -> Self {
        Self {
            name,
            languages,
            hold_ms: 600_000,
            hold_max_ms: 3_600_000,
            payment_ms: 600_000,
            max_items: 10,
            surcharges: Vec::new(),
            buyer_mandatory: Vec::new(),
            override_orphan_seats: false,
            metadata: MetadataRules::default(),
            delivery_methods: Vec::new(),
            insurances: Vec::new(),
            invitations: false,
            buyer_form: Form::default(),
            booking: BookingTerms::default(),
            loyalty: false,
            mail: false,
            mail_tickets: true,
            customers: false,
            resale: ChannelResale::default(),
        }
    }

    fn of(channel: &Channel) -> Self {
        Self {
            name: channel.name.clone(),
            languages: channel.languages.clone(),
            hold_ms: channel.hold_ms,
            hold_max_ms: channel.hold_max_ms,
            payment_ms: channel.payment_ms,
            max_items: channel.max_items,
            surcharges: channel.surcharges.clone(),
            buyer_mandatory: channel.buyer_mandatory.clone(),
            override_orphan_seats: channel.override_orphan_seats,
            metadata: channel.metadata.clone(),
            delivery_methods: channel
                .delivery_methods
                .iter()
                .map(|method| method.with_tax(method.tax.as_ref().map(TaxSpec::from)))
                .collect(),
            insurances: channel.insurances.iter().map(|one| one.with_tax(one.tax.as_ref().map(TaxSpec::from))).collect(),
            invitations: channel.invitations,
            buyer_form: channel.buyer_form.clone(),
            booking: channel.booking.clone(),
            loyalty: channel.loyalty,
            mail: channel.mail,
            mail_tickets: channel.mail_tickets,
            customers: channel.customers,
            resale: channel.resale.clone(),
        }
    }

    /// The fields whose values are out of range, as the API names them.
    pub fn bad_fields(&self) -> Vec<&'static str> {
        let lifetime = |ms: i64| (1_000..=DAY_MS).contains(&ms);
        let checks = [
            ("name", is_name(&self.name)),
            ("languages", (1..=50).contains(&self.languages.len()) && all_different(&self.languages)),
            ("hold_seconds", lifetime(self.hold_ms)),
            ("hold_max_seconds", lifetime(self.hold_max_ms)),
            ("payment_seconds", lifetime(self.payment_ms)),
            ("max_items", (1..=500).contains(&self.max_items)),
            ("surcharges", self.surcharges.len() <= 20 && self.surcharges.iter().all(is_surcharge)),
            ("buyer_mandatory", self.buyer_mandatory.len() <= 50),
            ("consumer_metadata", self.metadata.are_good()),
            ("delivery_methods", terms::are_deliveries(&self.delivery_methods)),
            ("insurances", terms::are_insurances(&self.insurances)),
            ("buyer_form", self.buyer_form.is_good(BUYER_KEYS)),
            ("booking", self.booking.is_good()),
            ("resale", self.resale.is_good()),
        ];
        checks.iter().filter(|(_, good)| !good).map(|(name, _)| *name).collect()
    }
}

/// What of a channel becomes different.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields of a channel")]
pub struct ChannelChange {
    pub name: Option<String>,
    pub status: Option<Status>,
    pub languages: Option<Vec<Language>>,
    pub hold_ms: Option<i64>,
    pub hold_max_ms: Option<i64>,
    pub payment_ms: Option<i64>,
    pub max_items: Option<u32>,
    pub surcharges: Option<Vec<Surcharge>>,
    pub buyer_mandatory: Option<Vec<BuyerField>>,
    pub override_orphan_seats: Option<bool>,
    pub metadata: Option<MetadataRules>,
    pub delivery_methods: Option<Vec<DeliveryMethod<TaxSpec>>>,
    pub insurances: Option<Vec<Insurance<TaxSpec>>>,
    pub invitations: Option<bool>,
    pub buyer_form: Option<Form>,
    pub booking: Option<BookingTerms>,
    pub loyalty: Option<bool>,
    pub mail: Option<bool>,
    pub mail_tickets: Option<bool>,
    pub customers: Option<bool>,
    pub resale: Option<ChannelResale>,
}

/// Who manages an entity's channels and what belongs to them.
pub const ROLES: &[Role] = &[Role::ChannelManager];

pub(super) fn decide(here: &Here, actor: &Actor, edit: &Edit<ChannelId, NewChannel, ChannelChange>) -> Result<Done, Error> {
    let reach = reach(here, actor, ROLES)?;
    let channel = match edit {
        Edit::Create(new) => create(here, reach, new)?,
        Edit::Update { id, expected, change } => update(here, reach, *id, *expected, change)?,
    };
    Ok(made(channel.id.0, Arc::new(channel)))
}

fn create(here: &Here, reach: Reach, new: &NewChannel) -> Result<Channel, Error> {
    let entity = find(&here.identity.entities, new.entity).ok().filter(|entity| reach.covers(entity.id));
    let entity = entity.ok_or_else(|| Error::invalid(&["entity_id"]))?;
    let id = new_id(&here.identity.channels, Some(new.id))?;
    with(here, &new.settings, id, entity.id, new.kind, new.currency, Status::Active, 1)
}

fn update(here: &Here, reach: Reach, id: ChannelId, expected: Option<u64>, change: &ChannelChange) -> Result<Channel, Error> {
    let old = find(&here.identity.channels, id)?;
    if !reach.covers(old.entity) {
        return Err(Code::NotFound.into());
    }
    unchanged(old, expected)?;
    let before = Settings::of(old);
    let settings = Settings {
        name: change.name.clone().unwrap_or(before.name),
        languages: change.languages.clone().unwrap_or(before.languages),
        hold_ms: change.hold_ms.unwrap_or(before.hold_ms),
        hold_max_ms: change.hold_max_ms.unwrap_or(before.hold_max_ms),
        payment_ms: change.payment_ms.unwrap_or(before.payment_ms),
        max_items: change.max_items.unwrap_or(before.max_items),
        surcharges: change.surcharges.clone().unwrap_or(before.surcharges),
        buyer_mandatory: change.buyer_mandatory.clone().unwrap_or(before.buyer_mandatory),
        override_orphan_seats: change.override_orphan_seats.unwrap_or(before.override_orphan_seats),
        metadata: change.metadata.clone().unwrap_or(before.metadata),
        delivery_methods: change.delivery_methods.clone().unwrap_or(before.delivery_methods),
        insurances: change.insurances.clone().unwrap_or(before.insurances),
        invitations: change.invitations.unwrap_or(before.invitations),
        buyer_form: change.buyer_form.clone().unwrap_or(before.buyer_form),
        booking: change.booking.clone().unwrap_or(before.booking),
        loyalty: change.loyalty.unwrap_or(before.loyalty),
        mail: change.mail.unwrap_or(before.mail),
        mail_tickets: change.mail_tickets.unwrap_or(before.mail_tickets),
        customers: change.customers.unwrap_or(before.customers),
        resale: change.resale.clone().unwrap_or(before.resale),
    };
    with(here, &settings, id, old.entity, old.kind, old.currency, change.status.unwrap_or(old.status), old.version + 1)
}

/// A channel with these settings, if they are good.
#[expect(clippy::too_many_arguments, reason = "the fields of a channel")]
fn with(
    here: &Here,
    settings: &Settings,
    id: ChannelId,
    entity: EntityId,
    kind: ChannelKind,
    currency: Currency,
    status: Status,
    version: u64,
) -> Result<Channel, Error> {
    all_good(settings.bad_fields().as_slice())?;
    if settings.hold_ms > settings.hold_max_ms {
        return Err(Error::new(Code::Dist0001).because("hold_seconds is beyond hold_max_seconds"));
    }
    let (delivery_methods, insurances) = taxed(here, settings)?;
    let Settings {
        name,
        languages,
        hold_ms,
        hold_max_ms,
        payment_ms,
        max_items,
        surcharges,
        buyer_mandatory,
        override_orphan_seats,
        metadata,
        invitations,
        buyer_form,
        booking,
        loyalty,
        mail,
        mail_tickets,
        customers,
        resale,
        ..
    } = settings.clone();
    Ok(Channel {
        id,
        entity,
        name,
        kind,
        status,
        languages,
        currency,
        hold_ms,
        hold_max_ms,
        payment_ms,
        max_items,
        surcharges,
        buyer_mandatory,
        override_orphan_seats,
        metadata,
        delivery_methods,
        insurances,
        invitations,
        buyer_form,
        booking,
        loyalty,
        mail,
        mail_tickets,
        customers,
        resale,
        version,
    })
}

/// What is offered, with the taxes meant. Most name none, and then nobody's are looked for.
fn taxed(here: &Here, settings: &Settings) -> Result<(Vec<DeliveryMethod>, Vec<Insurance>), Error> {
    let mut taxes = None;
    let mut tax = |spec: Option<&TaxSpec>| {
        spec.map(|spec| taxes.get_or_insert_with(|| Taxes::known(here.catalogue, here.identity)).find(spec)).transpose()
    };
    let methods = settings.delivery_methods.iter().map(|method| Ok(method.with_tax(tax(method.tax.as_ref())?)));
    let methods = methods.collect::<Result<_, Error>>()?;
    let insurances = settings.insurances.iter().map(|insurance| Ok(insurance.with_tax(tax(insurance.tax.as_ref())?)));
    Ok((methods, insurances.collect::<Result<_, Error>>()?))
}

/// Whether a surcharge's amounts are within bounds and fit together.
pub fn is_surcharge(surcharge: &Surcharge) -> bool {
    let amount = |minor: Minor| (0..=MAX_MINOR).contains(&minor);
    match *surcharge {
        Surcharge::PerTicket(value) | Surcharge::PerOrder(value) => amount(value),
        Surcharge::PercentOfBase { percent, min, max } => {
            (0..=Percent::ONE).contains(&percent.0) && amount(min) && max.is_none_or(|max| amount(max) && min <= max)
        }
    }
}

fn all_different(languages: &[Language]) -> bool {
    languages.iter().enumerate().all(|(index, language)| !languages[..index].contains(language))
}
