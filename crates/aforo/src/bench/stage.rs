//! What happens before a run: sign in, find what to sell, and read which places are free. It asks the public API only, like any shop would.

use super::args::{BenchArgs, Scenario, Until};
use super::chance::Chance;
use super::more_sessions;
use super::supply::{Hall, Picking, Supply};
use crate::client::credentials::Credentials;
use crate::client::request::Request;
use crate::client::wire::{List, Session};
use crate::client::{Api, Failure, free_seats};

/// More sessions than this are not read, however long the run; it is the longest page of a list.
const MOST_SESSIONS: usize = 500;

/// A token and what it may sell.
pub struct Stage {
    /// The token all buyers share, as the buyers of one web shop do.
    pub token: String,
    /// The places.
    pub supply: Supply,
    /// The hot session's event, and it.
    pub hot: (u64, u64),
    /// The hot session, for people.
    pub title: String,
}

/// Signs in to the server at `base` and reads what is on sale.
///
/// # Errors
/// A sentence for the user when there is nothing to sell or the server refuses.
pub async fn prepare(args: &BenchArgs, base: &str, credentials: &Credentials) -> Result<Stage, String> {
    let channel = credentials.channel(args.channel)?;
    let mut api = Api::new(base).map_err(say("cannot call the server"))?;
    let signed = api.send(&channel.sign_in()).await.map_err(say("sign-in"))?;
    api.keep_token(&signed).map_err(say("sign-in"))?;
    let picking = if args.auto || args.scenario != Scenario::Sale { Picking::Auto } else { Picking::ById };
    let (hot, first) = hot_session(args, &api, picking).await?;
    let mut others = on_sale(&api, &format!("&event_id={}", hot.event.id)).await?;
    let missing = (args.sessions as usize).saturating_sub(others.len());
    if missing > 0 {
        let key = credentials.management.as_ref().ok_or("--sessions needs a management key in the credentials file")?;
        more_sessions::make(base, key, hot.event.id, hot.id, channel.channel_id, missing).await?;
        others = on_sale(&api, &format!("&event_id={}", hot.event.id)).await?;
    }
    let mut halls = vec![first];
    for session in others.iter().filter(|session| session.id != hot.id) {
        if enough(args, &halls, picking) {
            break;
        }
        halls.push(hall(&api, session, picking, args.quantity).await?);
    }
    let title = format!("{} / {} (session {}), {} session(s)", hot.event.name, hot.name, hot.id, halls.len());
    Ok(Stage {
        token: api.token().unwrap_or_default().to_owned(),
        supply: Supply::new(halls, picking, args.quantity),
        hot: (hot.event.id, hot.id),
        title,
    })
}

/// The session asked for, else the one with most free places of the kind asked for.
async fn hot_session(args: &BenchArgs, api: &Api, picking: Picking) -> Result<(Session, Hall), String> {
    for session in on_sale(api, "").await? {
        if args.session.is_some_and(|wanted| wanted != session.id) {
            continue;
        }
        let hall = hall(api, &session, picking, args.quantity).await?;
        if hall.orders_left(picking, u64::from(args.quantity)) > 0 {
            return Ok((session, hall));
        }
    }
    Err("nothing to sell: no session on sale has free places of this kind (numbered seats; with --auto any)".to_owned())
}

/// Sessions that can be bought now, those with most free places first.
async fn on_sale(api: &Api, filter: &str) -> Result<Vec<Session>, String> {
    let path = format!("/catalog-api/v1/sessions?for_sale=true&limit={MOST_SESSIONS}{filter}");
    let list: List<Session> = api.fetch(&Request::get(path)).await.map_err(say("sessions"))?;
    let mut sessions: Vec<Session> = list.data.into_iter().filter(|session| session.on_sale && !session.sold_out).collect();
    sessions.sort_by_key(|session| (std::cmp::Reverse(session.available()), session.id));
    Ok(sessions)
}

async fn hall(api: &Api, session: &Session, picking: Picking, quantity: u32) -> Result<Hall, String> {
    let price_types = session.availability.price_types.iter().map(|kind| (kind.id, kind.availability.available)).collect();
    let runs = match picking {
        Picking::Auto => Vec::new(),
        Picking::ById => {
            let answer = api.send(&Request::get(free_seats::path(session.id))).await.map_err(say("seats"))?;
            free_seats::runs(&answer).map_err(say("seats"))?
        }
    };
    Ok(Hall::mixed(session.id, &runs, price_types, quantity, &mut Chance::new(session.id)))
}

/// Whether the places read so far last for the whole run.
fn enough(args: &BenchArgs, halls: &[Hall], picking: Picking) -> bool {
    let places: u64 = halls.iter().map(|hall| hall.orders_left(picking, u64::from(args.quantity))).sum();
    match args.until() {
        _ if args.scenario != Scenario::Sale => !halls.is_empty(),
        Until::Count(orders) => places > orders + orders / 5,
        Until::Seconds(_) => false,
    }
}

fn say(step: &'static str) -> impl Fn(Failure) -> String {
    move |failure| format!("{step}: {failure}")
}
