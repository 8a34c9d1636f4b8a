//! What happens before a run: sign in, find what to sell, and read which places are free. It asks the public API only, like any shop would.

use super::args::{BenchArgs, Scenario, Until};
use super::chance::Chance;
use super::supply::{Hall, Picking, Supply};
use crate::client::credentials::ChannelKey;
use crate::client::request::Request;
use crate::client::wire::{List, Session};
use crate::client::{Api, Failure, free_seats};

/// More sessions than this are not read, however long the run.
const MOST_SESSIONS: usize = 64;

/// A token and what it may sell.
pub struct Stage {
    /// The token all buyers share, as the buyers of one web shop do.
    pub token: String,
    /// The places.
    pub supply: Supply,
    /// The hot session, for people.
    pub title: String,
}

/// Signs in to the server at `base` and reads what is on sale.
///
/// # Errors
/// A sentence for the user when there is nothing to sell or the server refuses.
pub async fn prepare(args: &BenchArgs, base: &str, channel: &ChannelKey) -> Result<Stage, String> {
    let mut api = Api::new(base).map_err(say("cannot call the server"))?;
    let signed = api.send(&channel.sign_in()).await.map_err(say("sign-in"))?;
    api.keep_token(&signed).map_err(say("sign-in"))?;
    let sessions: List<Session> =
        api.fetch(&Request::get("/catalog-api/v1/sessions?for_sale=true&limit=500")).await.map_err(say("sessions"))?;
    let mut sessions: Vec<Session> = sessions.data.into_iter().filter(|session| session.on_sale && !session.sold_out).collect();
    sessions.sort_by_key(|session| (std::cmp::Reverse(session.available()), session.id));
    if let Some(wanted) = args.session {
        sessions.retain(|session| session.id == wanted);
    }
    let picking = if args.auto || args.scenario != Scenario::Sale { Picking::Auto } else { Picking::ById };
    let mut halls: Vec<Hall> = Vec::new();
    let (mut event, mut title) = (None, String::new());
    for session in sessions.iter().take(MOST_SESSIONS) {
        if event.is_some_and(|event| event != session.event.id) || enough(args, &halls, picking) {
            continue;
        }
        let hall = hall(&api, session, picking, args.quantity).await?;
        if hall.orders_left(picking, u64::from(args.quantity)) == 0 {
            continue;
        }
        if event.replace(session.event.id).is_none() {
            title = format!("{} / {} (session {})", session.event.name, session.name, session.id);
        }
        halls.push(hall);
    }
    if halls.is_empty() {
        return Err("nothing to sell: no session on sale has free places of this kind (numbered seats; with --auto any)".to_owned());
    }
    let token = api.token().unwrap_or_default().to_owned();
    Ok(Stage { token, supply: Supply::new(halls, picking, args.quantity), title })
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
