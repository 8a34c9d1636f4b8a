//! One who watches: gets the events of its feed as long as it may. Whether it may is asked before each event and once a second, by the same checks that
//! a new call would have to pass.

use std::collections::VecDeque;
use std::time::Duration;

use axum::http::StatusCode;
use bytes::Bytes;
use serde::Serialize;
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior};

use super::feed::Watched;
use super::picture::event;
use super::slots::Slot;
use crate::api::catalog::availability::Seen;
use crate::api::catalog::event_item::listed;
use crate::http::extract::CatalogCaller;
use crate::http::respond::Problem;

/// From one look at whether it may go on to the next.
const LOOK: Duration = Duration::from_secs(1);
/// After so many looks without an event a comment shows that the connection lives.
const QUIET_LOOKS: u32 = 15;
/// A line that says nothing.
const COMMENT: Bytes = Bytes::from_static(b":\n\n");
/// How long a client that lost its connection waits before it calls again, in milliseconds.
const RETRY: Bytes = Bytes::from_static(b"retry: 3000\n\n");

/// Why nothing more will come.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LiveClosed {
    /// `NOT_FOR_SALE` (selling is switched off), `SALE_ENDED`, or the code that a new call would be refused with: `SESSION_NOT_FOUND`, `AUTH001` and
    /// what else a call may be refused with.
    reason: &'static str,
}

/// A reader, with what it was not sent yet.
#[derive(Debug)]
pub struct Reader {
    caller: CatalogCaller,
    session: u64,
    watched: Watched,
    events: Receiver<Bytes>,
    waiting: VecDeque<Bytes>,
    over: bool,
    looks: Interval,
    quiet: u32,
    stopping: watch::Receiver<bool>,
    _slot: Slot,
}

/// Why a reader does not go on.
enum End {
    /// For this reason.
    Closed(&'static str),
    /// The server cannot serve it now. It may come back.
    Broken,
}

impl From<Problem> for End {
    fn from(problem: Problem) -> Self {
        let code = problem.error.code;
        if code.status() < StatusCode::INTERNAL_SERVER_ERROR.as_u16() { Self::Closed(code.as_str()) } else { Self::Broken }
    }
}

impl Reader {
    /// Begins with all there is to see, unless the client has it: `last` is the id of the last event it saw.
    pub fn open(caller: CatalogCaller, seen: &Seen, slot: Slot, last: Option<&str>) -> Self {
        let watched = Watched::of(caller.shard(), seen);
        let (picture, events) = caller.app.live.feeds.join(caller.app.engine.views(), &watched, seen);
        caller.app.http.metrics.watching.increment(1);
        let known = last.is_some_and(|last| *last == *picture.event_id());
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            session: seen.sheet.offer.session.id.0,
            watched,
            events,
            waiting: VecDeque::from([RETRY, if known { COMMENT } else { picture.state() }]),
            over: false,
            looks,
            quiet: 0,
            stopping: caller.app.http.stopping.subscribe(),
            caller,
            _slot: slot,
        }
    }

    /// What is sent next; `None` at the end.
    pub async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                self.quiet = 0;
                return Some(event);
            }
            if self.over {
                return None;
            }
            tokio::select! {
                () = stopped(&mut self.stopping) => return None,
                event = self.events.recv() => self.go_on(Some(event)),
                _ = self.looks.tick() => self.go_on(None),
            }
        }
    }

    /// Hands on an event, if there is one, and if this reader may go on.
    fn go_on(&mut self, event: Option<Result<Bytes, RecvError>>) {
        let seen = match self.look() {
            Ok(seen) => seen,
            Err(end) => return self.end(&end),
        };
        let watched = Watched::of(self.caller.shard(), &seen);
        match event {
            _ if watched != self.watched => self.begin_anew(watched, &seen),
            Some(Ok(event)) => self.waiting.push_back(event),
            Some(Err(_)) => self.begin_anew(watched, &seen),
            None => {
                self.quiet += 1;
                if self.quiet >= QUIET_LOOKS {
                    self.waiting.push_back(COMMENT);
                }
            }
        }
    }

    /// What the caller may see now.
    fn look(&mut self) -> Result<Seen, End> {
        self.caller = self.caller.again()?;
        let seen = Seen::find(&self.caller, self.session)?;
        if !seen.state.for_sale {
            return Err(End::Closed("NOT_FOR_SALE"));
        }
        if listed(&seen.sheet.offer, self.caller.channel.id, self.caller.now).is_none() {
            return Err(End::Closed("SALE_ENDED"));
        }
        Ok(seen)
    }

    fn end(&mut self, end: &End) {
        if let End::Closed(reason) = end {
            self.waiting.push_back(event(None, "closed", &LiveClosed { reason }));
        }
        self.over = true;
    }

    fn begin_anew(&mut self, watched: Watched, seen: &Seen) {
        let (picture, events) = self.caller.app.live.feeds.join(self.caller.app.engine.views(), &watched, seen);
        (self.watched, self.events) = (watched, events);
        self.waiting.push_back(event(None, "resync", &json!({})));
        self.waiting.push_back(picture.state());
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.caller.app.http.metrics.watching.decrement(1);
    }
}

/// Waits until the server stops.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // Whoever could say so is gone only if the server is.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}
