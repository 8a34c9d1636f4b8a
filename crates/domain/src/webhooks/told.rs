//! What webhooks are told of a command: read from its images, old and new, in this one place, so that whatever changes an order, an event or a session is
//! told, however it came about. Where nobody listens it costs one look.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Action, Notice, Told, Webhook, WebhookOwner, What};
use crate::catalogue::{Event, Publication, Readiness, Session};
use crate::change::{Change, Key, Row};
use crate::command::{Done, Effect, Planned, Stop};
use crate::ids::{ChannelId, EventId, OrderId, SessionId, WebhookId};
use crate::messages::{About, Content};
use crate::moment::Timestamp;
use crate::orders::draft::Draft;
use crate::orders::{Order, Stage};
use crate::world::World;

/// The same, with a message for each webhook that wants to be told of it.
///
/// # Errors
/// Those that were planned.
pub fn tell(world: &World, now: Timestamp, planned: Planned) -> Planned {
    if world.identity.listeners.is_empty() {
        return planned;
    }
    match planned {
        Ok(done) => Ok(Done { changes: with_messages(world, now, done.changes), ..done }),
        Err(Stop::Refused { error, effects }) => {
            let told = |effect| match effect {
                Effect::Released(changes) => Effect::Released(with_messages(world, now, changes)),
                other => other,
            };
            Err(Stop::Refused { error, effects: effects.into_iter().map(told).collect() })
        }
        Err(stop) => Err(stop),
    }
}

fn with_messages(world: &World, now: Timestamp, changes: Vec<Change>) -> Vec<Change> {
    let teller = Teller { world, changes: &changes };
    let notices: Vec<_> = changes.iter().flat_map(|change| teller.notices(change)).collect();
    if notices.is_empty() {
        return changes;
    }
    let mut draft = Draft::resumed(world, changes);
    for (about, notice) in notices {
        draft.send(now, now, about, Content::Webhook(notice));
    }
    draft.finish()
}

/// One command's images.
struct Teller<'a> {
    world: &'a World,
    changes: &'a [Change],
}

/// Something that happened, and who may be told.
struct News {
    about: About,
    told: Told,
    owners: Vec<WebhookOwner>,
}

impl<'a> Teller<'a> {
    fn notices(&self, change: &Change) -> Vec<(About, Notice)> {
        let news = match change {
            Change::Put(Row::Order(order)) => self.of_order(order.id, Some(order)),
            Change::Delete(Key::Order(id)) => self.of_order(*id, None),
            Change::Put(Row::Event(event)) => Some(self.of_event(event)),
            Change::Put(Row::Session(session)) => self.of_session(session),
            Change::Put(Row::Publication(publication)) => self.of_publication(publication),
            Change::Delete(Key::Publication((session, channel))) => self.of_channel(*session, *channel, Action::Delete),
            _ => None,
        };
        news.map(|news| self.for_each(&news)).unwrap_or_default()
    }

    /// For each webhook that wants it, in the order of their ids.
    fn for_each(&self, news: &News) -> Vec<(About, Notice)> {
        let identity = &self.world.identity;
        let ids: BTreeSet<WebhookId> = news.owners.iter().filter_map(|owner| identity.listeners.get(owner)).flatten().copied().collect();
        let wants = |hook: &&Arc<Webhook>| hook.wants(&news.told);
        let hooks = ids.iter().filter_map(|id| identity.webhooks.get(id)).filter(wants);
        hooks.map(|hook| (news.about, Notice { hook: hook.id, told: news.told, repeats: None })).collect()
    }

    fn of_order(&self, id: OrderId, after: Option<&Arc<Order>>) -> Option<News> {
        let before = self.world.resident_order(id).ok().flatten();
        let action = what_became(before.map(AsRef::as_ref), after.map(AsRef::as_ref))?;
        // Whoever is over has no code any more.
        let order = if action == Action::Cancel { before? } else { after? };
        let replaced = || order.extras().replaces.as_ref().map(|replaces| replaces.code).or_else(|| order.resold_from());
        let previous = if let Stage::Refund { of_code, .. } = order.stage { Some(of_code) } else { replaced() };
        let told = Told { action, what: What::Order { code: order.code()?, previous } };
        let mut owners = self.of_seller(order.seller.channel);
        owners.extend(order.items.iter().filter_map(|item| self.promoter(item.event)));
        Some(News { about: About::Order(id), told, owners })
    }

    fn of_event(&self, event: &Event) -> News {
        let before = self.world.catalogue.events.get(&event.id);
        let action = step(before.map(|before| before.readiness), event.readiness);
        let offers = self.world.catalogue.offers.values().filter(|offer| offer.event.id == event.id);
        let channels: BTreeSet<_> = offers.flat_map(|offer| offer.publications.keys().copied()).collect();
        let owners = channels.into_iter().flat_map(|channel| self.of_seller(channel)).chain([WebhookOwner::Entity(event.entity)]).collect();
        News { about: About::Event(event.id), told: Told { action, what: What::Event(event.id) }, owners }
    }

    fn of_session(&self, session: &Session) -> Option<News> {
        let offer = self.world.catalogue.offers.get(&session.id);
        let action = step(offer.map(|offer| offer.session.readiness), session.readiness);
        let channels: Vec<_> = offer.map(|offer| offer.publications.keys().copied().collect()).unwrap_or_default();
        let mut owners: Vec<_> = channels.into_iter().flat_map(|channel| self.of_seller(channel)).collect();
        owners.push(self.promoter(session.event)?);
        Some(News { about: About::Session(session.id), told: Told { action, what: What::Session(session.event, session.id) }, owners })
    }

    fn of_publication(&self, publication: &Publication) -> Option<News> {
        let (session, channel) = (publication.session, publication.channel);
        let was_there = self.world.catalogue.offers.get(&session).is_some_and(|offer| offer.publications.contains_key(&channel));
        self.of_channel(session, channel, if was_there { Action::Update } else { Action::Create })
    }

    fn of_channel(&self, session: SessionId, channel: ChannelId, action: Action) -> Option<News> {
        // It may have come with this very command.
        let new = self.changes.iter().find_map(|change| match change {
            Change::Put(Row::Session(new)) if new.id == session => Some(new.event),
            _ => None,
        });
        let event = self.world.catalogue.offers.get(&session).map(|offer| offer.event.id).or(new)?;
        let mut owners = self.of_seller(channel);
        owners.push(self.promoter(event)?);
        Some(News { about: About::Session(session), told: Told { action, what: What::Publication(event, session, channel) }, owners })
    }

    /// A channel and its entity.
    fn of_seller(&self, channel: ChannelId) -> Vec<WebhookOwner> {
        let entity = self.world.identity.channels.get(&channel).map(|channel| WebhookOwner::Entity(channel.entity));
        [WebhookOwner::Channel(channel)].into_iter().chain(entity).collect()
    }

    fn promoter(&self, event: EventId) -> Option<WebhookOwner> {
        self.world.catalogue.events.get(&event).map(|event| WebhookOwner::Entity(event.entity))
    }
}

/// What happened to an order, as far as anybody outside is told. Baskets are nobody's business, and neither are notes.
fn what_became(before: Option<&Order>, after: Option<&Order>) -> Option<Action> {
    let is_booked = |order: &Order| matches!(order.stage, Stage::PreConfirm { booked: true, .. });
    match (before, after) {
        (Some(before), None) => is_booked(before).then_some(Action::Cancel),
        (before, Some(after)) => match after.stage {
            Stage::PreConfirm { booked: true, .. } => (!before.is_some_and(is_booked)).then_some(Action::Booking),
            Stage::Confirm { booked, .. } => match before {
                Some(before) if matches!(before.stage, Stage::Confirm { .. }) => differs(before, after).then_some(Action::Update),
                _ if booked => Some(Action::Issue),
                _ => Some(Action::Purchase),
            },
            Stage::Refund { .. } => before.is_none().then_some(Action::Refund),
            Stage::Expired { .. } => before.is_some_and(is_booked).then_some(Action::Cancel),
            Stage::Basket { .. } | Stage::PreConfirm { .. } => None,
        },
        (None, None) => None,
    }
}

/// Whether two images of a sold order are different in more than how long its book is.
fn differs(before: &Order, after: &Order) -> bool {
    let without_lines = |order: &Order| order.with_extras(|extras| extras.after.lines = 0);
    without_lines(before) != without_lines(after)
}

const fn step(before: Option<Readiness>, after: Readiness) -> Action {
    match (before, after) {
        (None, _) => Action::Create,
        (Some(Readiness::Cancelled), Readiness::Cancelled) => Action::Update,
        (Some(_), Readiness::Cancelled) => Action::Cancel,
        (Some(_), _) => Action::Update,
    }
}
