//! Watching a session as a client does: its events, and a picture of its places that is kept up to date by them alone.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde_json::Value;

use crate::caller::{Ask, Caller};

/// How long a test waits for an event.
const PATIENCE: Duration = Duration::from_secs(20);

/// An event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its `id`; empty if it has none.
    pub id: String,
    /// What happened.
    pub name: String,
    /// Its `data`.
    pub data: Value,
}

/// Reads a session's events.
pub struct Watching {
    response: reqwest::Response,
    unread: Vec<u8>,
}

impl Watching {
    /// Begins to.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn begin(caller: &Caller, session: u64, last: Option<&str>) -> Self {
        let ask = Ask::new("GET", format!("/catalog-api/v1/sessions/{session}/live"));
        let ask = if let Some(last) = last { ask.header("last-event-id", last) } else { ask };
        let response = caller.begin(ask).await.expect("an answer");
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (200, &"text/event-stream".parse().expect("a value"))
        );
        Self { response, unread: Vec::new() }
    }

    /// The next event; `None` at the end. Comments and what only the connection needs are passed over.
    ///
    /// # Panics
    /// If nothing comes for too long.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(end) = self.unread.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<u8> = self.unread.drain(..end + 2).collect();
                if let Some(event) = read(std::str::from_utf8(&block).expect("events are text")) {
                    return Some(event);
                }
                continue;
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("an event in time");
            self.unread.extend(chunk.expect("a connection that holds")?);
        }
    }

    /// The next event, which must be this one.
    ///
    /// # Panics
    /// If it is another one, or if none comes.
    pub async fn next_is(&mut self, name: &str) -> Event {
        let event = self.next().await.unwrap_or_else(|| panic!("the end, and no {name}"));
        assert_eq!(event.name, name, "{event:?}");
        event
    }
}

/// Reads an event's lines, by the WHATWG's rules as far as they are needed.
pub fn read(block: &str) -> Option<Event> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let data = serde_json::from_str(field("data")?).expect("data is JSON");
    Some(Event { id: field("id").unwrap_or_default().to_owned(), name: field("event").unwrap_or("message").to_owned(), data })
}

/// What a session's places look like.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Places {
    /// Total and available, of all and, by id, of each price type.
    pub counts: BTreeMap<u64, (u64, u64)>,
    /// A letter a seat.
    pub letters: String,
}

/// The key of all places in [`Places::counts`].
pub const ALL: u64 = 0;

/// Total and available, as every block of counts has them.
pub fn total_and_available(block: &Value) -> (u64, u64) {
    let count = |name: &str| block[name].as_u64().unwrap_or_else(|| panic!("no {name} in {block}"));
    (count("total"), count("available"))
}

/// A picture of a session's places, made of events.
#[derive(Debug, Default)]
pub struct Mirror {
    /// What it shows.
    pub places: Places,
    /// The version of that.
    pub version: u64,
    /// What it showed at each version.
    pub history: BTreeMap<u64, Places>,
    /// Where each seat's letter is.
    place_of: HashMap<u64, usize>,
}

impl Mirror {
    /// Of seats in the order of the map.
    pub fn new(seats: &[u64]) -> Self {
        Self { place_of: seats.iter().copied().zip(0..).collect(), ..Self::default() }
    }

    /// Puts an event in force.
    ///
    /// # Panics
    /// If it does not fit what is there.
    pub fn take(&mut self, event: &Event) {
        let data = &event.data;
        match event.name.as_str() {
            "state" => self.places = Places { counts: BTreeMap::new(), letters: data["status"].as_str().expect("letters").to_owned() },
            "change" => {
                assert_eq!(data["from"], self.version, "a change follows what was there");
                let mut letters: Vec<char> = self.places.letters.chars().collect();
                for seat in data["seats"].as_array().expect("seats") {
                    let place = self.place_of[&seat[0].as_u64().expect("an id")];
                    letters[place] = seat[1].as_str().and_then(|letter| letter.chars().next()).expect("a letter");
                }
                self.places.letters = letters.into_iter().collect();
            }
            _ => return,
        }
        self.places.counts.insert(ALL, total_and_available(data));
        for kind in data["price_types"].as_array().expect("price types") {
            self.places.counts.insert(kind["id"].as_u64().expect("an id"), total_and_available(kind));
        }
        let version = data["version"].as_u64().expect("a version");
        assert!(version >= self.version, "versions grow");
        assert!(event.id.starts_with(&format!("{version}.")), "{event:?}");
        self.version = version;
        self.history.insert(version, self.places.clone());
    }
}
