//! Moving a session to another time in one step: its dates, the windows that end with it, and its channels' own windows. Who holds or has bought
//! places keeps them; what becomes of the money of those who cannot come is no business of this.

use std::sync::Arc;

use super::{Desk, unchanged};
use crate::catalogue::{Offer, Publication, Readiness, Session};
use crate::change::{Change, Row};
use crate::command::{Done, Planned, Reply};
use crate::error::{Code, Error};
use crate::ids::SessionId;
use crate::moment::{DAY_MS, Timestamp, Window};
use crate::orders::postponed;

/// A session's new time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Postponement {
    /// Which session.
    pub session: SessionId,
    /// The version the caller saw.
    pub seen: Option<u64>,
    /// When it begins.
    pub start: Timestamp,
    /// When it ends; else it lasts as long as it would have.
    pub end: Option<Timestamp>,
}

impl Desk<'_> {
    /// `CONFLICT` if it is called off or over; `DIST0001` if something would end before it starts.
    pub(super) fn postpone(&self, asked: &Postponement, now: Timestamp) -> Planned {
        let offer = self.own_session(asked.session)?;
        let session = &offer.session;
        unchanged(session.version, asked.seen)?;
        if matches!(session.readiness, Readiness::Cancelled | Readiness::Archived) {
            return Err(Error::new(Code::Conflict).because("what was cancelled or archived does not come back").into());
        }
        if session.season.is_some() {
            return Err(Error::new(Code::Conflict).because("a season is when its sessions are").into());
        }
        let (moved, publications) = moved(offer, asked);
        let sales = publications.iter().filter_map(|publication| publication.sale);
        let windows = sales.chain([moved.sale]).chain(moved.booking).chain(moved.resale);
        if moved.end < moved.start || windows.into_iter().any(|window| window.end <= window.start) {
            return Err(Error::new(Code::Dist0001).because("something would end before it starts").into());
        }
        let seasons = self.seasons_follow(&moved)?;
        let mut changes: Vec<Change> = vec![Row::from(Arc::new(moved)).into()];
        changes.extend(seasons);
        let news: Vec<Change> = changes.iter().filter_map(|change| self.news(change, now)).collect();
        changes.extend(news);
        changes.extend(publications.into_iter().map(|publication| Row::from(Arc::new(publication)).into()));
        Ok(Done { changes, reply: Reply::Ids(vec![asked.session.0]) })
    }

    /// Whose buyers are to be told: of the session, and of seasons that begin with it.
    fn news(&self, change: &Change, now: Timestamp) -> Option<Change> {
        let Change::Put(Row::Session(after)) = change else { return None };
        let before = &self.catalogue().offers.get(&after.id)?.session;
        postponed::news(before, after, now).map(|row| Row::from(row).into())
    }
}

/// A session at its new time, and its channels' own windows that move along.
pub(super) fn moved(offer: &Offer, asked: &Postponement) -> (Session, Vec<Publication>) {
    let (session, to) = (offer.session.as_ref(), asked.start);
    let publications = offer.publications.values().filter_map(|publication| moved_sale(session, publication, to));
    let mut publications: Vec<_> = publications.collect();
    publications.sort_unstable_by_key(|publication| publication.channel);
    let moved = Session {
        start: to,
        end: asked.end.unwrap_or_else(|| shifted(session.end, session.start, to)),
        start_unconfirmed: false,
        sale: moved_window(session.sale, session.start, to),
        booking: session.booking.map(|window| moved_window(window, session.start, to)),
        resale: session.resale.map(|window| moved_window(window, session.start, to)),
        postponed_from: if to == session.start { session.postponed_from } else { Some(session.start) },
        version: session.version + 1,
        ..session.clone()
    };
    (moved, publications)
}

/// A channel's own window, if it moves.
fn moved_sale(session: &Session, publication: &Publication, to: Timestamp) -> Option<Publication> {
    let window = publication.sale?;
    let sale = moved_window(window, session.start, to);
    (sale != window).then(|| Publication { sale: Some(sale), version: publication.version + 1, ..publication.clone() })
}

/// A window that ends on the day of the session, from 24 hours before it starts on, ends as much later; one that ends earlier has a date of its own and
/// stays. No window starts at another time: what is open stays open.
fn moved_window(window: Window, from: Timestamp, to: Timestamp) -> Window {
    if window.end < from.plus_ms(-DAY_MS) {
        return window;
    }
    Window { end: shifted(window.end, from, to), ..window }
}

fn shifted(instant: Timestamp, from: Timestamp, to: Timestamp) -> Timestamp {
    Timestamp(instant.0.saturating_add(to.0.saturating_sub(from.0)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{DAY_MS, Timestamp, Window, moved_window};

    const HOUR: i64 = 3_600_000;

    proptest! {
        #[test]
        fn a_window_ends_as_long_before_the_start_as_it_did_or_stays(
            opens in 1_000_i64..2_000, ends_before in -48_i64..480, shift in -400_i64..4_000,
        ) {
            let from = Timestamp(0).plus_ms(10_000 * HOUR);
            let window = Window { start: from.plus_ms(-opens * HOUR), end: from.plus_ms(-ends_before * HOUR) };
            let to = from.plus_ms(shift * HOUR);
            let moved = moved_window(window, from, to);
            prop_assert_eq!(moved.start, window.start);
            if ends_before * HOUR <= DAY_MS {
                prop_assert_eq!(to.ms_since(moved.end), from.ms_since(window.end));
            } else {
                prop_assert_eq!(moved, window);
            }
            prop_assert_eq!(moved_window(window, from, from), window);
        }
    }
}
