//! What a ticket says: its order, its place and its session, in the words of the order's language. Not how it looks: pages and passes are made from this.

use aforo_domain::catalogue::plan::Attributes;
use aforo_domain::catalogue::{Catalogue, Offer};
use aforo_domain::forms::Answers;
use aforo_domain::identity::Identity;
use aforo_domain::ids::{EventId, ItemId, SessionId};
use aforo_domain::money::Minor;
use aforo_domain::orders::{Buyer, Item, Order, Ticket, TicketKind, attendees};
use aforo_domain::text::{Language, Localized};
use jiff::ZonedDateTime;

use super::words::Words;
use crate::http::time::{Zones, zoned};

/// A label and what it labels.
pub type Fact = (&'static str, String);

/// What a ticket says.
#[derive(Debug, Clone)]
pub struct Face {
    /// The ticket.
    pub id: ItemId,
    /// Its event.
    pub event_id: EventId,
    /// Its session.
    pub session_id: SessionId,
    /// The language of what is said.
    pub words: &'static Words,
    /// Whether it was given away.
    pub invitation: bool,
    /// The event's title.
    pub title: String,
    /// The event's subtitle.
    pub subtitle: Option<String>,
    /// What the session is called, where that says more than the title.
    pub session: Option<String>,
    /// When it begins, in the venue's zone.
    pub starts: ZonedDateTime,
    /// Of a season ticket, when the last of its sessions begins.
    pub last: Option<ZonedDateTime>,
    /// When it ends, in the venue's zone.
    pub ends: ZonedDateTime,
    /// Whether its date may still change.
    pub unconfirmed: bool,
    /// The venue's name.
    pub venue: String,
    /// Where that is.
    pub address: String,
    /// The price type's colour.
    pub color: [u8; 3],
    /// Entrance, sector, row and seat, or zone.
    pub place: Vec<Fact>,
    /// What else there is to know, price and order code among it.
    pub details: Vec<Fact>,
    /// What the price is made of and includes.
    pub price_notes: Vec<String>,
    /// What is special about the place or the date.
    pub notes: Vec<&'static str>,
    /// Who comes, else who bought it.
    pub holder: Option<String>,
    /// What it is called: price type and rate.
    pub class: String,
    /// Who stages it.
    pub promoter: String,
    /// The order's code.
    pub code: String,
    /// What the gate reads.
    pub barcode: String,
}

/// What faces are made from: what is published.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// What is sold.
    pub catalogue: &'a Catalogue,
    /// Who stages it.
    pub identity: &'a Identity,
    /// The venues' zones.
    pub zones: &'a Zones,
}

impl Face {
    /// The face of an order's ticket. `None` if the ticket is not of this order, or its session is not in the catalogue, which never forgets one.
    pub fn of(ticket: &Ticket, order: &Order, sources: Sources<'_>) -> Option<Self> {
        let item = order.items.iter().find(|item| item.id == ticket.id)?;
        let offer = sources.catalogue.offers.get(&item.session)?;
        let (event, session, venue) = (&offer.event, &offer.session, &offer.venue);
        let (language, words) = (&order.language, Words::of(&order.language));
        let said = |texts: &Localized| said_in(texts, language, &event.default_language).map(ToOwned::to_owned);
        let title = said(&event.titles).unwrap_or_else(|| event.name.clone());
        let named = said(&session.titles).unwrap_or_else(|| session.name.clone());
        let zone = sources.zones.get(&venue.time_zone);
        let whose = [attendees::of(&order.extras().attendees, item.id).and_then(|one| name_in(&one.fields)), buyer_of(order)];
        let (place, seat_notes) = place(item, offer, words);
        let date_note = session.start_unconfirmed.then_some(words.labels.unconfirmed);
        Some(Self {
            id: item.id,
            event_id: event.id,
            session_id: session.id,
            words,
            invitation: item.kind == TicketKind::Invitation,
            subtitle: said(&event.subtitles).filter(|subtitle| *subtitle != title),
            session: Some(named).filter(|name| *name != title && *name != event.name),
            title,
            starts: zoned(session.start, &zone),
            last: item.season.as_ref().and(offer.members.last()).map(|member| zoned(member.session.start, &zone)),
            ends: zoned(session.end, &zone),
            unconfirmed: session.start_unconfirmed,
            venue: venue.name.clone(),
            address: address(offer),
            color: color(item, offer),
            place,
            details: details(item, order, offer, words),
            price_notes: price_notes(item, order, offer, words),
            notes: date_note.into_iter().chain(seat_notes).collect(),
            holder: whose.into_iter().flatten().next(),
            class: [price_type(item, offer, language), rate(item, offer).to_owned()].join(" · "),
            promoter: sources.identity.entities.get(&event.entity).map(|entity| entity.name.clone()).unwrap_or_default(),
            code: ticket.code.to_string(),
            barcode: ticket.barcode.to_string(),
        })
    }

    /// The day; of a season ticket, from which day to which.
    pub fn date(&self) -> String {
        let first = self.words.date(&self.starts);
        self.last.as_ref().map_or_else(|| first.clone(), |last| format!("{first} – {}", self.words.date(last)))
    }

    /// The time of day. The sessions of a season ticket have each their own.
    pub fn time(&self) -> Option<String> {
        self.last.is_none().then(|| self.words.time(&self.starts))
    }

    /// "Ticket" or "Invitation".
    pub const fn kind(&self) -> &'static str {
        if self.invitation { self.words.labels.invitation } else { self.words.labels.ticket }
    }
}

/// A text in a language, else in the same one of another region, else in the event's.
fn said_in<'a>(texts: &'a Localized, language: &Language, default: &Language) -> Option<&'a str> {
    let stem = |language: &Language| language.as_str().split('-').next().unwrap_or_default().to_owned();
    let akin = || texts.iter().find(|(tag, _)| stem(tag) == stem(language)).map(|(_, text)| text);
    let text = texts.get(language).or_else(akin).or_else(|| texts.get(default))?;
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// Where it is, and what is special about that.
fn place(item: &Item, offer: &Offer, words: &Words) -> (Vec<Fact>, Vec<&'static str>) {
    let labels = &words.labels;
    let mut facts = Vec::new();
    let mut add = |label, value: Option<&str>| facts.extend(value.filter(|value| !value.is_empty()).map(|value| (label, value.to_owned())));
    if let Some(at) = offer.plan.seat_at(item.place) {
        add(labels.entrance, at.row.entrance.as_deref());
        add(labels.sector, Some(&at.sector.name));
        add(labels.row, Some(&at.row.name));
        add(labels.seat, Some(&at.seat.name));
        let special = [
            (Attributes::ACCESSIBLE, labels.accessible),
            (Attributes::COMPANION, labels.companion),
            (Attributes::RESTRICTED_VIEW, labels.restricted_view),
        ];
        let notes = special.into_iter().filter(|(attribute, _)| at.seat.attributes.has(*attribute)).map(|(_, note)| note).collect();
        return (facts, notes);
    }
    if let Some((sector, zone)) = offer.plan.zone_at(item.place) {
        add(labels.entrance, zone.entrance.as_deref());
        add(labels.sector, Some(sector.name.as_str()).filter(|sector| *sector != zone.name));
        add(labels.zone, Some(&zone.name));
    }
    (facts, Vec::new())
}

fn details(item: &Item, order: &Order, offer: &Offer, words: &Words) -> Vec<Fact> {
    let labels = &words.labels;
    let price = match item.kind {
        TicketKind::Sale | TicketKind::Resale => words.money(order.currency, item.price.total()),
        TicketKind::Invitation => labels.invitation.to_owned(),
    };
    let mut facts = vec![
        (labels.price_type, price_type(item, offer, &order.language)),
        (labels.rate, rate(item, offer).to_owned()),
        (labels.price, price),
    ];
    let attendee = attendees::of(&order.extras().attendees, item.id).and_then(|attendee| name_in(&attendee.fields));
    facts.extend(attendee.map(|name| (labels.attendee, name)));
    facts.extend(buyer_of(order).map(|name| (labels.buyer, name)));
    facts.extend(order.code().map(|code| (labels.order, code.to_string())));
    facts
}

/// What the price is made of, where it is of several parts, and which taxes it includes.
fn price_notes(item: &Item, order: &Order, offer: &Offer, words: &Words) -> Vec<String> {
    let (price, money) = (&item.price, |amount| words.money(order.currency, amount));
    if item.kind == TicketKind::Invitation {
        return Vec::new();
    }
    let mut notes = Vec::new();
    let fees = price.promoter_surcharge + price.channel_surcharge;
    if fees != 0 || price.discount() != 0 {
        let less = if price.discount() == 0 { String::new() } else { format!(" − {}", money(price.discount())) };
        let more = if fees == 0 { String::new() } else { format!(" + {} ({})", money(fees), words.labels.fees) };
        notes.push(format!("{}{less}{more}", money(price.base)));
    }
    let mut taxes: Vec<(String, Minor)> = Vec::new();
    for line in &price.taxes {
        let mut known = offer.session.ticket_taxes.iter().chain(&offer.session.surcharge_taxes);
        let name = known.find(|tax| tax.id == line.tax).map_or("", |tax| tax.name.as_str());
        let percent = words.decimal(&line.percent.to_string());
        let name = if name.contains(&percent) { name.to_owned() } else { format!("{name}\u{a0}{percent}\u{a0}%") };
        match taxes.iter_mut().find(|(known, _)| *known == name) {
            Some((_, amount)) => *amount += line.amount,
            None => taxes.push((name, line.amount)),
        }
    }
    let taxes: Vec<_> = taxes.iter().map(|(name, amount)| format!("{}: {}", name.trim(), money(*amount))).collect();
    if !taxes.is_empty() {
        notes.push(format!("{} {}", words.labels.included, taxes.join(", ")));
    }
    notes
}

fn price_type(item: &Item, offer: &Offer, language: &Language) -> String {
    let known = offer.plan.template.price_types.iter().find(|known| known.id == item.price_type);
    let name = known.map(|known| said_in(&known.names, language, &offer.event.default_language).unwrap_or(&known.name));
    name.unwrap_or_default().to_owned()
}

fn rate<'a>(item: &Item, offer: &'a Offer) -> &'a str {
    offer.session.rates.iter().find(|rate| rate.id == item.rate).map_or("", |rate| &rate.name)
}

/// The price type's colour; a dark one where it has none.
fn color(item: &Item, offer: &Offer) -> [u8; 3] {
    let known = offer.plan.template.price_types.iter().find(|known| known.id == item.price_type);
    let hex = known.and_then(|known| u32::from_str_radix(known.color.strip_prefix('#')?, 16).ok());
    let [_, red, green, blue] = hex.unwrap_or(0x22_22_22).to_be_bytes();
    [red, green, blue]
}

/// "Carrer de Bolívia 5, 08018 Barcelona".
fn address(offer: &Offer) -> String {
    let venue = &offer.venue;
    let town = [venue.postal_code.as_deref().unwrap_or_default(), venue.city.as_str()].join(" ");
    let parts = [venue.address.trim(), town.trim()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// The buyer's name, else the address its tickets went to.
fn buyer_of(order: &Order) -> Option<String> {
    let buyer: &Buyer = order.buyer.as_deref()?;
    let name = [buyer.name.as_deref(), buyer.surname.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    Some(if name.trim().is_empty() { buyer.email.clone() } else { name }).filter(|name| !name.trim().is_empty())
}

/// The name among what was filled in: events choose their fields' keys, and these are what names are called.
fn name_in(fields: &Answers) -> Option<String> {
    const NAMES: [&[&str]; 3] = [&["full_name"], &["name", "first_name"], &["surname", "last_name"]];
    let parts = NAMES.iter().filter_map(|keys| keys.iter().find_map(|key| fields.get(*key)));
    let name = parts.map(|part| part.trim()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    Some(name).filter(|name| !name.is_empty())
}
