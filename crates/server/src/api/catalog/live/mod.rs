//! `GET /sessions/{id}/live`: how a session's places change, as server-sent events.
//!
//! It reads what is published and nothing else, so that the sale neither knows nor waits: a [`feed`] looks four times a second at the snapshot of a
//! session that somebody watches, and writes what changed once for all readers of one quota view. A [`reader`] hands it on, and looks whether its caller
//! may still see it. Nobody watching costs nothing.

pub mod feed;
mod picture;
mod reader;
mod slots;

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use futures_util::stream;

use super::availability::Seen;
use crate::http::extract::{CatalogCaller, PathId};
use crate::http::respond::Problem;
use feed::Feeds;
use picture::{LiveChange, LiveState};
use reader::{LiveClosed, Reader};
use slots::Slots;

/// The `id` of the last event that a client saw before its connection broke off.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Tells proxies not to hold events back.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Everything that is watched, and how many watch it. Bounded by the number of readers.
#[derive(Debug, Default)]
pub struct Live {
    feeds: Arc<Feeds>,
    slots: Arc<Slots>,
}

/// What `data` holds, by `event`. Each is written by itself; this is for the documents.
#[derive(utoipa::ToSchema)]
#[serde(untagged)]
pub enum LiveEvent<'a> {
    /// Comes first, and after `resync`: everything. Replace what you have.
    State(LiveState<'a>),
    /// What became different since the version `from`. Put it in force over what you have.
    Change(LiveChange),
    /// The last event: nothing more will come, and calling again will not help.
    Closed(LiveClosed),
}

/// Watches a session's places: its state first, then every change, at most four times a second.
///
/// - `state`: the counts of all places and of each price type, and the letters of all seats as `/seats?form=status` has them.
/// - `change`: only what became different since the version `from`, which is the one of the event before.
/// - `resync`: this reader was too slow, or sells from other quotas from now on; a `state` follows.
/// - `closed`: the session can no longer be seen or is no longer for sale here, or the caller may no longer ask; `reason` says why. It is the last one.
///
/// A comment comes every 15 seconds if nothing else does. A client that comes back with `Last-Event-ID` is spared the state if it is still the same.
/// An access token may hold 50 of these at once and a channel 1 000 (429), all of them together 10 000 (503).
#[utoipa::path(
    get, path = "/sessions/{id}/live", tag = "catalogue", operation_id = "watch_session",
    params(
        ("id" = u64, Path),
        ("Last-Event-ID" = Option<String>, Header, description = "The `id` of the last event seen"),
    ),
    responses((status = 200, body = LiveEvent, content_type = "text/event-stream")),
    extensions(("x-codes" = json!("SESSION_NOT_FOUND"))),
)]
pub async fn read(caller: CatalogCaller, PathId(id): PathId, headers: HeaderMap) -> Result<Response, Problem> {
    let seen = Seen::find(&caller, id)?;
    let slot = caller.app.live.slots.take(caller.bearer.family, caller.channel.id)?;
    let last = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok());
    let reader = Reader::open(caller, &seen, slot, last);
    let events = stream::unfold(reader, async |mut reader| {
        let event = reader.next().await?;
        Some((Ok::<_, Infallible>(event), reader))
    });
    let mut response = Response::new(Body::from_stream(events));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    Ok(response)
}
