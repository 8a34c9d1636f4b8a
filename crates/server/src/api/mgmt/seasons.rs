//! The part of a session that makes it a season, as management reads and shows it. All else of a season is a session's.

use aforo_domain::catalogue::{Catalogue, Covered, Offer, Session};
use aforo_domain::ids::SessionId;
use aforo_domain::moment::Timestamp;
use aforo_domain::seasons::{MAX_WEIGHT, Member, Season};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::http::checks::Checks;
use crate::http::time;
use crate::http::wire::Num;

/// Which sessions a season ticket is for.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct SeasonBody {
    /// 2 to 100, each once: of the same template and currency, of this event or of others of its promoter. They stay once a season ticket is held or
    /// sold.
    #[schema(required = true)]
    sessions: Option<Vec<SeasonSessionBody>>,
}

/// One of a season's sessions.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct SeasonSessionBody {
    #[schema(required = true)]
    id: Option<Num>,
    /// Its part of the price beside the others', a whole number; 1 if it is left out.
    weight: Option<Num>,
}

/// Which sessions a season ticket is for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SeasonView<'a> {
    /// By start.
    sessions: Vec<SeasonSessionView<'a>>,
}

/// One of a season's sessions.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SeasonSessionView<'a> {
    id: u64,
    event_id: u64,
    name: &'a str,
    date: SeasonDateView,
    weight: u32,
}

/// When one of a season's sessions is, in the venue's time.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SeasonDateView {
    start: String,
    end: String,
}

impl SeasonBody {
    fn read(&self, checks: &mut Checks) -> Season {
        let sessions = checks.list("season.sessions", self.sessions.as_deref());
        let mut member = |body: &SeasonSessionBody| Member {
            session: SessionId(checks.id("season.sessions.id", body.id.as_ref())),
            weight: checks
                .optional_whole("season.sessions.weight", body.weight.as_ref(), 1..=MAX_WEIGHT.into())
                .map_or(1, |weight| weight as u32),
        };
        let mut members: Vec<_> = sessions.iter().map(&mut member).collect();
        members.sort_unstable_by_key(|member| member.session);
        Season { members }
    }
}

/// The season that a session shall be, if it shall be or is one.
pub fn read(checks: &mut Checks, body: Option<&SeasonBody>, current: Option<&Session>) -> Option<Season> {
    body.map(|body| body.read(checks)).or_else(|| current?.season.clone())
}

/// From when to when the sessions of a season are, as far as they are there.
pub fn dates(season: &Season, catalogue: &Catalogue) -> (Timestamp, Timestamp) {
    let sessions = season.sessions().filter_map(|id| catalogue.offers.get(&id)).map(|offer| &offer.session);
    let dates = sessions.map(|session| (session.start, session.end));
    dates.reduce(|(start, end), other| (start.min(other.0), end.max(other.1))).unwrap_or_default()
}

/// What a session is: `SEASON_TICKET` or `SESSION`.
pub const fn kind(session: &Session) -> &'static str {
    if session.season.is_some() { "SEASON_TICKET" } else { "SESSION" }
}

/// A season's sessions, if it is one.
pub fn view<'a>(offer: &'a Offer, zone: &TimeZone) -> Option<SeasonView<'a>> {
    let season = offer.session.season.as_ref()?;
    let weight = |id| season.members.iter().find(|member| member.session == id).map_or(1, |member| member.weight);
    let session = |Covered { session, .. }: &'a Covered| SeasonSessionView {
        id: session.id.0,
        event_id: session.event.0,
        name: &session.name,
        date: SeasonDateView { start: time::in_zone(session.start, zone), end: time::in_zone(session.end, zone) },
        weight: weight(session.id),
    };
    Some(SeasonView { sessions: offer.members.iter().map(session).collect() })
}
