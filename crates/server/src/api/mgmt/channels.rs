//! Channels: ways to sell, owned by an entity. Their API keys are in [`super::keys`].

use aforo_domain::error::Code;
use aforo_domain::identity::manage::channels::{ChannelChange, NewChannel, Settings};
use aforo_domain::identity::manage::platform::Reservation;
use aforo_domain::identity::manage::{Edit, IdentityCommand, find};
use aforo_domain::identity::{Channel, Status};
use aforo_domain::ids::{ChannelId, EntityId};
use aforo_domain::money::Currency;
use aforo_domain::resale::ChannelResale;
use aforo_domain::text::Language;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::channel_terms::{
    self, BookingBody, BookingView, DeliveryMethodBody, DeliveryMethodView, InsuranceBody, InsuranceView, MetadataBody, MetadataView,
};
use super::forms::{self, FormBody, FormView};
use super::lists::{ByEntity, ByName, ByStatus, Listed, Listing, Paged};
use super::resale::{ChannelResaleBody, ChannelResaleView};
use super::surcharges::{self, SurchargeBody, SurchargeView};
use super::{IfMatch, listed, name, optional_name, read, reserve, words, written};
use crate::http::call::{Call, NoBody};
use crate::http::checks::{Checks, MAX_ELEMENTS};
use crate::http::extract::{ChannelManagers, Manager, PathId, Readers};
use crate::http::params::Params;
use crate::http::respond::{Answered, Problem};
use crate::http::wire::{List, Num};

/// A channel.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ChannelView<'a> {
    id: u64,
    entity_id: u64,
    name: String,
    /// `WEB`, `BOX_OFFICE`, `KIOSK`, `B2B` or `MARKETPLACE`.
    r#type: &'static str,
    /// `ACTIVE` or `INACTIVE`.
    status: &'static str,
    /// What an order may be in; the first is the default.
    languages: Vec<String>,
    currency: String,
    /// How long a basket lives from its last change.
    hold_seconds: i64,
    /// How long a basket lives at most from its creation.
    hold_max_seconds: i64,
    /// How long a pre-confirmed order waits for its payment.
    payment_seconds: i64,
    /// Items in one order at most.
    max_items: u32,
    surcharges: Vec<SurchargeView>,
    /// Buyer fields without which pre-confirm refuses (the e-mail always).
    buyer_mandatory: Vec<&'static str>,
    /// Whether it may leave single seats free.
    override_orphan_seats: bool,
    /// What it may note on its orders, and what it must.
    consumer_metadata: MetadataView,
    /// The ways of delivery that it offers.
    delivery_methods: Vec<DeliveryMethodView<'a>>,
    /// The insurances that it offers.
    insurances: Vec<InsuranceView<'a>>,
    /// Whether it may give invitations; people at a counter need the permission `INVITATIONS`, too.
    invitations: bool,
    /// What it asks of a buyer beside the fields that `buyer_mandatory` can name.
    #[serde(skip_serializing_if = "Option::is_none")]
    buyer_form: Option<FormView<'a>>,
    /// Whether it books, and for how long; people at a counter need the permission `BOOKING`, too.
    booking: BookingView,
    /// Whether its sales are told to the loyalty programme.
    loyalty: bool,
    /// Whether buyers get an e-mail about what they bought.
    mail: bool,
    /// Whether that e-mail brings the tickets along as a document: those that can be sent, up to 100.
    mail_tickets: bool,
    /// Whether its buyers are kept as customers.
    customers: bool,
    /// Whether it sells tickets again that the entity's channels sold, and what it adds.
    resale: ChannelResaleView,
}

/// A channel to be made.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct NewChannelBody {
    /// Unique on the platform; else the next one.
    id: Option<Num>,
    #[schema(required = true)]
    entity_id: Option<Num>,
    /// `WEB`, `BOX_OFFICE`, `KIOSK`, `B2B` or `MARKETPLACE`.
    #[schema(required = true)]
    r#type: Option<String>,
    /// ISO 4217.
    #[schema(required = true)]
    currency: Option<String>,
    #[schema(required = true)]
    name: Option<String>,
    #[schema(required = true)]
    languages: Option<Vec<String>>,
    #[serde(flatten)]
    terms: Terms,
}

/// What of a channel becomes different.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ChannelPatch {
    name: Option<String>,
    /// `ACTIVE` or `INACTIVE`.
    status: Option<String>,
    languages: Option<Vec<String>>,
    #[serde(flatten)]
    terms: Terms,
}

/// On what terms it sells.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct Terms {
    /// How long a basket lives from its last change: 1 to 86 400, else 600.
    hold_seconds: Option<Num>,
    /// How long a basket lives at most from its creation: 1 to 86 400, else 3 600.
    hold_max_seconds: Option<Num>,
    /// How long a pre-confirmed order waits for its payment: 1 to 86 400, else 600.
    payment_seconds: Option<Num>,
    /// Items in one order at most: 1 to 500, else 10.
    max_items: Option<Num>,
    surcharges: Option<Vec<SurchargeBody>>,
    /// Any of `EMAIL`, `NAME`, `SURNAME`, `PHONE`, `ID_NUMBER`, `ADDRESS`, `CITY`, `POSTAL_CODE`, `COUNTRY`.
    buyer_mandatory: Option<Vec<String>>,
    /// Whether it may leave single seats free.
    override_orphan_seats: Option<bool>,
    consumer_metadata: Option<MetadataBody>,
    /// All the ways of delivery that it offers.
    delivery_methods: Option<Vec<DeliveryMethodBody>>,
    /// All the insurances that it offers.
    insurances: Option<Vec<InsuranceBody>>,
    /// Whether it may give invitations; people at a counter need the permission `INVITATIONS`, too.
    invitations: Option<bool>,
    /// What it asks of a buyer beside the fields that `buyer_mandatory` can name.
    buyer_form: Option<FormBody>,
    booking: Option<BookingBody>,
    /// Whether its sales are told to the loyalty programme, else not.
    loyalty: Option<bool>,
    /// Whether buyers get an e-mail about what they bought, else not.
    mail: Option<bool>,
    /// Whether that e-mail brings the tickets along as a document: those that can be sent, up to 100. It does unless this says otherwise.
    mail_tickets: Option<bool>,
    /// Whether its buyers are kept as customers, else not.
    customers: Option<bool>,
    resale: Option<ChannelResaleBody>,
}

impl Terms {
    /// What they say; `current` is what a part of it builds on.
    fn read(&self, checks: &mut Checks, currency: Currency, current: &ChannelResale) -> ChannelChange {
        let mut milliseconds = |name, seconds: Option<&Num>| {
            checks.optional_whole(name, seconds, 1..=86_400).and_then(|seconds| i64::try_from(seconds * 1_000).ok())
        };
        ChannelChange {
            hold_ms: milliseconds("hold_seconds", self.hold_seconds.as_ref()),
            hold_max_ms: milliseconds("hold_max_seconds", self.hold_max_seconds.as_ref()),
            payment_ms: milliseconds("payment_seconds", self.payment_seconds.as_ref()),
            max_items: checks.optional_whole("max_items", self.max_items.as_ref(), 1..=500).and_then(|items| u32::try_from(items).ok()),
            surcharges: surcharges::read(checks, self.surcharges.as_deref(), currency),
            buyer_mandatory: words::read_all(checks, "buyer_mandatory", self.buyer_mandatory.as_deref(), words::BUYER_FIELDS),
            override_orphan_seats: self.override_orphan_seats,
            metadata: self.consumer_metadata.as_ref().map(|body| body.read(checks)),
            delivery_methods: channel_terms::deliveries(checks, self.delivery_methods.as_deref(), currency),
            insurances: channel_terms::insurances(checks, self.insurances.as_deref(), currency),
            invitations: self.invitations,
            buyer_form: forms::read(checks, "buyer_form", self.buyer_form.as_ref()),
            booking: self.booking.as_ref().map(|body| body.read(checks)),
            loyalty: self.loyalty,
            mail: self.mail,
            mail_tickets: self.mail_tickets,
            customers: self.customers,
            resale: self.resale.as_ref().map(|body| body.read(checks, currency, current)),
            ..ChannelChange::default()
        }
    }
}

fn languages(checks: &mut Checks, tags: Option<&[String]>) -> Option<Vec<Language>> {
    let tags = tags?;
    if tags.is_empty() || tags.len() > MAX_ELEMENTS {
        checks.bad_value("languages");
        return None;
    }
    Some(tags.iter().filter_map(|tag| checks.formed("languages", Some(tag), Language::parse)).collect())
}

fn view(channel: &Channel) -> ChannelView<'_> {
    ChannelView {
        id: channel.id.0,
        entity_id: channel.entity.0,
        name: channel.name.clone(),
        r#type: words::show(words::KINDS, &channel.kind),
        status: words::show(words::STATUS, &channel.status),
        languages: channel.languages.iter().map(|language| language.as_str().to_owned()).collect(),
        currency: channel.currency.to_string(),
        hold_seconds: channel.hold_ms / 1_000,
        hold_max_seconds: channel.hold_max_ms / 1_000,
        payment_seconds: channel.payment_ms / 1_000,
        max_items: channel.max_items,
        surcharges: surcharges::show(&channel.surcharges, channel.currency),
        buyer_mandatory: words::show_all(words::BUYER_FIELDS, &channel.buyer_mandatory),
        override_orphan_seats: channel.override_orphan_seats,
        consumer_metadata: MetadataView::from(&channel.metadata),
        delivery_methods: channel_terms::show_deliveries(&channel.delivery_methods, channel.currency),
        insurances: channel_terms::show_insurances(&channel.insurances, channel.currency),
        invitations: channel.invitations,
        buyer_form: forms::show(&channel.buyer_form),
        booking: BookingView::from(&channel.booking),
        loyalty: channel.loyalty,
        mail: channel.mail,
        mail_tickets: channel.mail_tickets,
        customers: channel.customers,
        resale: ChannelResaleView::of(&channel.resale, channel.currency),
    }
}

impl Listed for Channel {
    fn id(&self) -> u64 {
        self.id.0
    }

    fn state(&self) -> &'static str {
        words::show(words::STATUS, &self.status)
    }

    fn name(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn is_of(&self, entity: EntityId) -> bool {
        self.entity == entity
    }
}

/// Lists channels.
#[utoipa::path(
    get, path = "/channels", tag = "channels", operation_id = "list_channels",
    params(Paged, ByName, ByStatus, ByEntity),
    responses((status = 200, body = List<ChannelView>)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list(manager: Manager<Readers>, params: Params) -> Result<Response, Problem> {
    let listing = Listing::of::<Channel>(&params)?;
    let reach = manager.reach()?;
    Ok(listing.answer(listed(&manager.view.identity.channels, |channel| reach.covers(channel.entity)), view))
}

/// Makes a channel: its id is reserved on the platform first.
#[utoipa::path(
    post, path = "/channels", tag = "channels", operation_id = "create_channel",
    params(("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks")),
    request_body = NewChannelBody,
    responses((status = 200, body = ChannelView)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT DIST0001"))),
)]
pub async fn create(manager: Manager<ChannelManagers>, call: Call<NewChannelBody>) -> Result<Response, Problem> {
    let (mut checks, body) = (Checks::new(), &call.body);
    let given = checks.optional_id("id", body.id.as_ref()).map(ChannelId);
    let entity = EntityId(checks.id("entity_id", body.entity_id.as_ref()));
    let kind = checks.required("type", body.r#type.as_deref());
    let kind = checks.one_of("type", kind, words::KINDS);
    let currency = checks.required("currency", body.currency.as_deref());
    let currency = checks.formed("currency", currency, Currency::parse);
    let name = name(&mut checks, body.name.as_deref());
    let tags = checks.required("languages", body.languages.as_deref());
    let tags = languages(&mut checks, tags).unwrap_or_default();
    // Amounts can only be read in a currency; without one the currency itself is what is answered.
    let terms = currency.map(|currency| body.terms.read(&mut checks, currency, &ChannelResale::default())).unwrap_or_default();
    let (kind, currency, terms) = checks.done(kind.zip(currency).map(|(kind, currency)| (kind, currency, terms)))?.ok_or(Code::Dist0000)?;
    let id = ChannelId(reserve(&manager.app, Reservation::Channel(given, manager.shard)).await?);
    let settings = with_usual(name, tags, terms);
    let new = NewChannel { id, entity, kind, currency, settings };
    let (id, answered) = manager.edit(&call, IdentityCommand::Channel(Edit::Create(new))).await?;
    answer(&manager, id, &answered)
}

/// The terms given, and the usual ones for the rest.
fn with_usual(name: String, languages: Vec<Language>, terms: ChannelChange) -> Settings {
    let usual = Settings::usual(name, languages);
    Settings {
        hold_ms: terms.hold_ms.unwrap_or(usual.hold_ms),
        hold_max_ms: terms.hold_max_ms.unwrap_or(usual.hold_max_ms),
        payment_ms: terms.payment_ms.unwrap_or(usual.payment_ms),
        max_items: terms.max_items.unwrap_or(usual.max_items),
        surcharges: terms.surcharges.unwrap_or(usual.surcharges),
        buyer_mandatory: terms.buyer_mandatory.unwrap_or(usual.buyer_mandatory),
        override_orphan_seats: terms.override_orphan_seats.unwrap_or(usual.override_orphan_seats),
        metadata: terms.metadata.unwrap_or(usual.metadata),
        delivery_methods: terms.delivery_methods.unwrap_or(usual.delivery_methods),
        insurances: terms.insurances.unwrap_or(usual.insurances),
        invitations: terms.invitations.unwrap_or(usual.invitations),
        buyer_form: terms.buyer_form.unwrap_or(usual.buyer_form),
        booking: terms.booking.unwrap_or(usual.booking),
        loyalty: terms.loyalty.unwrap_or(usual.loyalty),
        mail: terms.mail.unwrap_or(usual.mail),
        mail_tickets: terms.mail_tickets.unwrap_or(usual.mail_tickets),
        customers: terms.customers.unwrap_or(usual.customers),
        resale: terms.resale.unwrap_or(usual.resale),
        ..usual
    }
}

/// Reads a channel.
#[utoipa::path(
    get, path = "/channels/{id}", tag = "channels", operation_id = "get_channel",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks")),
    responses((status = 200, body = ChannelView)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn get(manager: Manager<Readers>, PathId(id): PathId) -> Result<Response, Problem> {
    let reach = manager.reach()?;
    let channel = find(&manager.view.identity.channels, ChannelId(id))?;
    if !reach.covers(channel.entity) {
        return Err(Code::NotFound.into());
    }
    Ok(read(&view(channel), channel.version))
}

/// Changes a channel.
#[utoipa::path(
    patch, path = "/channels/{id}", tag = "channels", operation_id = "change_channel",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks"), ("If-Match" = Option<String>, Header)),
    request_body = ChannelPatch,
    responses((status = 200, body = ChannelView)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT DIST0001"))),
)]
pub async fn change(
    manager: Manager<ChannelManagers>,
    PathId(id): PathId,
    IfMatch(expected): IfMatch,
    call: Call<ChannelPatch>,
) -> Result<Response, Problem> {
    let (mut checks, body) = (Checks::new(), &call.body);
    let channel = find(&manager.view.identity.channels, ChannelId(id))?;
    if !manager.reach()?.covers(channel.entity) {
        return Err(Code::NotFound.into());
    }
    let currency = channel.currency;
    let change = ChannelChange {
        name: optional_name(&mut checks, body.name.as_deref()),
        status: checks.one_of("status", body.status.as_deref(), words::STATUS),
        languages: languages(&mut checks, body.languages.as_deref()),
        ..body.terms.read(&mut checks, currency, &channel.resale)
    };
    let command = IdentityCommand::Channel(Edit::Update { id: ChannelId(id), expected, change: checks.done(change)? });
    let (id, answered) = manager.edit(&call, command).await?;
    answer(&manager, id, &answered)
}

/// Makes a channel gone: its keys and tokens open nothing any more.
#[utoipa::path(
    delete, path = "/channels/{id}", tag = "channels", operation_id = "delete_channel",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks"), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = super::Deleted)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn delete(
    manager: Manager<ChannelManagers>,
    PathId(id): PathId,
    IfMatch(expected): IfMatch,
    call: Call<NoBody>,
) -> Result<Response, Problem> {
    let change = ChannelChange { status: Some(Status::Gone), ..ChannelChange::default() };
    let (id, answered) = manager.edit(&call, IdentityCommand::Channel(Edit::Update { id: ChannelId(id), expected, change })).await?;
    Ok(super::deleted(&answered, id))
}

fn answer(manager: &Manager<ChannelManagers>, id: u64, answered: &Answered) -> Result<Response, Problem> {
    let identity = manager.identity();
    let channel = find(&identity.channels, ChannelId(id))?;
    Ok(written(answered, &view(channel), channel.version))
}
