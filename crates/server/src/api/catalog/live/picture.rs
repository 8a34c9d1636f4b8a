//! What a session shows through some quotas at one version, and what makes two of these different. Pure: time and readers are elsewhere.

use std::fmt::Display;
use std::sync::{Arc, OnceLock};

use aforo_domain::catalogue::plan::{Place, Plan};
use aforo_domain::ids::{Hash, SessionId};
use aforo_domain::inventory::{Availability, Snapshot};
use bytes::Bytes;
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use crate::api::catalog::availability::by_price_type_now;
use crate::api::catalog::seats::letters;

/// About how many bytes a seat takes in a change; in a state it takes one.
const SEAT_BYTES: usize = 16;

/// Everything there is to see of a session's places.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LiveState<'a> {
    /// The session.
    id: u64,
    /// Which version of its places; grows.
    version: u64,
    /// All places that this channel may sell, taken and blocked ones included.
    total: u32,
    /// The free ones.
    available: u32,
    /// All price types.
    price_types: Vec<LivePlaces>,
    /// One letter a numbered seat, in the order of `/seats`: `F` free, `T` taken, `N` not for sale here.
    status: &'a str,
}

/// What became different.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LiveChange {
    /// The new version.
    version: u64,
    /// The version before.
    from: u64,
    /// All places that this channel may sell, taken and blocked ones included.
    total: u32,
    /// The free ones.
    available: u32,
    /// Price types whose counts are different.
    price_types: Vec<LivePlaces>,
    /// Seats whose letter is different: id and letter.
    #[schema(value_type = Vec<Vec<serde_json::Value>>)]
    seats: Vec<LiveSeat>,
}

/// The places of a price type.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LivePlaces {
    id: u64,
    total: u32,
    available: u32,
}

/// A seat's id and its letter.
#[derive(Debug)]
struct LiveSeat(u64, u8);

impl Serialize for LiveSeat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(id, letter) = self;
        let mut pair = serializer.serialize_seq(Some(2))?;
        pair.serialize_element(id)?;
        pair.serialize_element(&char::from(*letter))?;
        pair.end()
    }
}

/// A session's places as some quotas show them.
#[derive(Debug)]
pub struct Picture {
    session: SessionId,
    version: u64,
    /// Tells the quotas apart.
    view: u64,
    plan: Arc<Plan>,
    all: Availability,
    /// By price type, in the template's order.
    price_types: Vec<Availability>,
    /// Letters only, one a seat.
    status: Box<str>,
    state: OnceLock<Bytes>,
}

impl Picture {
    /// What a snapshot shows through these quotas (indexes into the template's).
    pub fn new(session: SessionId, snapshot: &Snapshot, quotas: &[u8]) -> Self {
        let (all, price_types) = by_price_type_now(snapshot, quotas);
        let status = letters(snapshot, quotas).into_iter().map(char::from).collect::<String>();
        Self {
            session,
            version: snapshot.version,
            view: Hash::of(quotas).short(),
            plan: snapshot.plan.clone(),
            all,
            price_types,
            status: status.into(),
            state: OnceLock::new(),
        }
    }

    /// The `id` of its event: version and view, since the same version looks different through other quotas.
    pub fn event_id(&self) -> String {
        format!("{}.{:x}", self.version, self.view)
    }

    /// All of it, as an event. Written once.
    pub fn state(&self) -> Bytes {
        let write = || {
            let state = LiveState {
                id: self.session.0,
                version: self.version,
                total: self.all.total,
                available: self.all.available,
                price_types: (0..self.price_types.len()).map(|index| self.places(index)).collect(),
                status: &self.status,
            };
            event(Some(&self.event_id()), "state", &state)
        };
        self.state.get_or_init(write).clone()
    }

    /// What is different from an older one, as an event; `None` if nothing is. Where much is, all of it is shorter.
    pub fn since(&self, older: &Self) -> Option<Bytes> {
        let comparable = self.plan.template.id == older.plan.template.id && self.status.len() == older.status.len();
        if !comparable || self.price_types.len() != older.price_types.len() {
            return Some(self.state());
        }
        let letters = self.status.bytes().zip(older.status.bytes()).enumerate();
        let places: Vec<_> = letters.filter(|(_, (now, before))| now != before).map(|(place, (now, _))| (place, now)).collect();
        let kinds = self.price_types.iter().zip(&older.price_types).enumerate();
        let kinds: Vec<_> = kinds.filter(|(_, (now, before))| now != before).map(|(index, _)| self.places(index)).collect();
        if places.is_empty() && kinds.is_empty() {
            return None;
        }
        if places.len() * SEAT_BYTES > self.status.len() + 1_000 {
            return Some(self.state());
        }
        let seat = |(place, letter)| Some(LiveSeat(self.plan.seat_at(place as Place)?.seat.id.0, letter));
        let change = LiveChange {
            version: self.version,
            from: older.version,
            total: self.all.total,
            available: self.all.available,
            price_types: kinds,
            seats: places.into_iter().filter_map(seat).collect(),
        };
        Some(event(Some(&self.event_id()), "change", &change))
    }

    fn places(&self, index: usize) -> LivePlaces {
        let Availability { total, available } = self.price_types[index];
        LivePlaces { id: self.plan.template.price_types[index].id.0, total, available }
    }
}

/// An event as it is sent. JSON has no line breaks, so its data is one line.
pub fn event(id: Option<&dyn Display>, name: &str, data: &impl Serialize) -> Bytes {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    // No map has a key that is no string, so it is JSON.
    let data = serde_json::to_string(data).unwrap_or_default();
    format!("{id}event: {name}\ndata: {data}\n\n").into()
}

#[cfg(test)]
mod tests {
    use aforo_domain::catalogue::manage::document::SeatDocument;
    use aforo_domain::ids::SessionId;
    use aforo_domain::inventory::{PlaceState, Snapshot};
    use serde_json::{Value, json};

    use super::{Bytes, Picture};
    use crate::api::catalog::tests::{hall, seen_in};

    /// What 2 000 seats and a zone show after this happened to them.
    fn picture(version: u64, happens: impl FnOnce(&mut Snapshot)) -> Picture {
        let mut document = hall();
        let seat = document.sectors[0].rows[0].seats[0].clone();
        let seat = |number: i32| SeatDocument { name: number.to_string(), x: number, ..seat.clone() };
        document.sectors[0].rows[0].seats = (0..2_000).map(seat).collect();
        let seen = seen_in(&document);
        let mut snapshot = Snapshot::clone(&seen.snapshot);
        snapshot.version = version;
        happens(&mut snapshot);
        Picture::new(SessionId(51), &snapshot, &seen.sheet.quotas)
    }

    fn sold(seats: std::ops::Range<usize>) -> impl FnOnce(&mut Snapshot) {
        move |snapshot| snapshot.states[seats].fill(PlaceState::Sold)
    }

    /// An event's name and data.
    fn read(event: &Bytes) -> (String, Value) {
        let text = std::str::from_utf8(event).unwrap();
        let lines: Vec<_> = text.lines().collect();
        let [id, name, data, ""] = lines[..] else { panic!("{text}") };
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        assert!(id.starts_with(&format!("id: {}.", data["version"])), "{text}");
        (name.strip_prefix("event: ").unwrap().to_owned(), data)
    }

    #[test]
    fn little_is_told_as_a_change_and_much_as_a_state() {
        let before = picture(7, |_| {});
        assert_eq!(picture(9, |_| {}).since(&before), None, "what others see is no change here");
        let (name, change) = read(&picture(9, sold(4..6)).since(&before).unwrap());
        let seats = json!([[8_000_005, "T"], [8_000_006, "T"]]);
        assert_eq!((name.as_str(), &change["from"], &change["seats"]), ("change", &json!(7), &seats));
        let (name, state) = read(&picture(10, sold(0..1_000)).since(&before).unwrap());
        assert_eq!((name.as_str(), &state["status"]), ("state", &json!("T".repeat(1_000) + &"F".repeat(1_000))));
    }

    #[test]
    fn the_same_version_through_other_quotas_is_another_event() {
        let seen = seen_in(&hall());
        let through = |quotas: &[u8]| Picture::new(SessionId(51), &seen.snapshot, quotas);
        let (general, members) = (through(&[0]), through(&[0, 1]));
        assert_ne!(general.event_id(), members.event_id());
        let (_, change) = read(&members.since(&general).unwrap());
        assert_eq!(change["price_types"], json!([{"id": 502, "total": 40, "available": 40}]));
    }
}
