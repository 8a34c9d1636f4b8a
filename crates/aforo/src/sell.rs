//! `aforo sell`: walks one purchase against any base URL and shows each request and answer, for a newcomer to read. It is a plain client of
//! the public API, with no way into the server that an integrator would not have.

mod explain;
mod show;

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::client::credentials::{ChannelKey, Credentials};
use crate::client::request::{Body, Request};
use crate::client::wire::{List, Order, PriceTypes, Session};
use crate::client::{Answer, Api, free_seats};
use crate::{clock, out};

/// Buys tickets step by step and shows what goes over the wire.
#[derive(Debug, Args)]
pub struct SellArgs {
    /// The server; without it, the one the credentials file names
    #[arg(long)]
    url: Option<String>,
    /// The credentials file that `serve --demo` wrote into its data directory
    #[arg(long, default_value = "aforo-data/demo-credentials.json")]
    credentials: PathBuf,
    /// The channel to sell with; without it, the first WEB channel of the credentials file
    #[arg(long)]
    channel: Option<u64>,
    /// The channel's API key, instead of a credentials file
    #[arg(long, requires = "channel", env = "AFORO_CHANNEL_SECRET", hide_env_values = true)]
    secret: Option<String>,
    /// The session to buy; without it, the first that is on sale with enough places
    #[arg(long)]
    session: Option<u64>,
    /// How many tickets
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=50))]
    quantity: u64,
}

/// Walks one purchase.
///
/// # Errors
/// Why it could not be finished, explained.
pub fn sell(args: &SellArgs) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let (base, channel) = whom_to_ask(args)?;
    out::say(format_args!("Buying {} ticket(s) from {base} as channel {} {}", args.quantity, channel.channel_id, channel.name));
    let api = Api::new(&base).map_err(|failure| failure.to_string())?;
    runtime.block_on(Walk { api, step: 0 }.purchase(args, &channel))
}

fn whom_to_ask(args: &SellArgs) -> Result<(String, ChannelKey), String> {
    if let (Some(channel_id), Some(secret)) = (args.channel, &args.secret) {
        let key = ChannelKey { channel_id, client_secret: secret.clone(), kind: String::new(), name: String::new() };
        return Ok((args.url.clone().unwrap_or_else(|| "http://127.0.0.1:8080".to_owned()), key));
    }
    let credentials = Credentials::read(&args.credentials).map_err(|why| {
        format!("{why}\nStart a server with `aforo serve --demo`, or give --credentials FILE, or --channel ID with --secret KEY.")
    })?;
    let channel = credentials.channel(args.channel)?.clone();
    Ok((args.url.clone().unwrap_or(credentials.base_url), channel))
}

struct Walk {
    api: Api,
    step: u32,
}

impl Walk {
    async fn purchase(mut self, args: &SellArgs, channel: &ChannelKey) -> Result<(), String> {
        self.sign_in(channel).await?;
        let session = self.choose_session(args).await?;
        let seats = self.choose_seats(session.id, args.quantity).await?;
        let order = self.fill_basket(&session, seats, args.quantity).await?;
        let order = self.accept(&order).await?;
        self.pay(&order).await
    }

    async fn sign_in(&mut self, channel: &ChannelKey) -> Result<(), String> {
        let why = "Sign in: the channel's id and API key buy a token that goes with every call from here on.";
        let answer = self.take(why, &channel.sign_in()).await?;
        self.api.keep_token(&answer).map_err(|failure| failure.to_string())
    }

    async fn choose_session(&mut self, args: &SellArgs) -> Result<Session, String> {
        let session = match args.session {
            Some(id) => {
                let why = "Look at the session: where, when, from which price, and whether it can be bought now.";
                read(&self.take(why, &Request::get(format!("/catalog-api/v1/sessions/{id}"))).await?)?
            }
            None => {
                let why = "Read the catalogue: every session this channel sells, soonest first.";
                let list: List<Session> = read(&self.take(why, &Request::get("/catalog-api/v1/sessions?for_sale=true&limit=100")).await?)?;
                let total = list.metadata.total;
                let fits = |session: &Session| session.on_sale && !session.sold_out && session.available() >= args.quantity;
                list.data
                    .into_iter()
                    .find(fits)
                    .ok_or(format!("none of the {total} sessions is on sale with {} free places", args.quantity))?
            }
        };
        self.say(&format!(
            "This walk buys session {} \"{}\" of \"{}\" at {}.",
            session.id, session.name, session.event.name, session.venue.name
        ));
        Ok(session)
    }

    /// Free neighbours, if the session has numbered seats.
    async fn choose_seats(&mut self, session: u64, quantity: u64) -> Result<Option<Vec<u64>>, String> {
        let why = "Read the seat map, to pick seats by hand.";
        let answer = self.take(why, &Request::get(free_seats::path(session))).await?;
        let runs = free_seats::runs(&answer).map_err(|failure| failure.to_string())?;
        let quantity = usize::try_from(quantity).map_err(|error| error.to_string())?;
        Ok(free_seats::neighbours(&runs, quantity).map(<[u64]>::to_vec))
    }

    async fn fill_basket(&mut self, session: &Session, seats: Option<Vec<u64>>, quantity: u64) -> Result<String, String> {
        let id = session.id;
        let why = "Read the availability: free places by price type and sector, always as of now.";
        let availability: PriceTypes = read(&self.take(why, &Request::get(format!("/catalog-api/v1/sessions/{id}/availability"))).await?)?;
        let why = "Open an order. Its id travels in the header ob-order-id from here on; the Idempotency-Key makes a repeat harmless.";
        let create = Request::post("/distribution-api/v1/orders").json(json!({})).idempotency_key(format!("sell-{}", clock::run_id()));
        let order: Order = read(&self.take(why, &create).await?)?;
        let (why, path, body) = match seats {
            Some(seats) => {
                let seats: Vec<_> = seats.iter().map(|seat| json!({"id": seat, "session_id": id})).collect();
                ("Put seats into the basket: all of them are held, or none.", "/distribution-api/v1/orders/seats", json!({"seats": seats}))
            }
            None => {
                let enough = |kind: &&crate::client::wire::PriceType| kind.availability.available >= quantity;
                let kind = availability.price_types.iter().find(enough).ok_or(format!("no price type has {quantity} free places"))?;
                let body = json!({"session_id": id, "price_type_id": kind.id, "quantity": quantity});
                (
                    "The places are not numbered (or no neighbours are left), so the server picks.",
                    "/distribution-api/v1/orders/seats-auto",
                    body,
                )
            }
        };
        self.take(why, &Request::post(path).order(&order.id).json(body)).await?;
        Ok(order.id)
    }

    async fn accept(&mut self, order: &str) -> Result<Order, String> {
        let why = "Say who buys. The e-mail address is always needed; a channel may ask for more.";
        let buyer = json!({"email": "ada.soler@example.org", "name": "Ada", "surname": "Soler"});
        self.take(why, &Request::post("/distribution-api/v1/orders/buyer-data").order(order).json(buyer)).await?;
        let why = "Pre-confirm: everything is checked and fixed now, and the order gets its code. Authorise the payment after this.";
        read(&self.take(why, &Request::post("/distribution-api/v1/orders/pre-confirm").order(order)).await?)
    }

    async fn pay(&mut self, order: &Order) -> Result<(), String> {
        let to_pay = &order.price.as_ref().ok_or("the order has no price")?.to_pay;
        let why = "Confirm with payments that add up to to_pay. Once this is answered, the tickets survive anything.";
        let body = json!({"payments": [{"type": "CARD", "amount": to_pay, "reference": format!("sell-{}", &order.id)}]});
        let confirm = Request::post("/distribution-api/v1/orders/confirm").order(&order.id).json(body);
        let sold: Order = read(&self.take(why, &confirm.idempotency_key(format!("pay-{}", order.id))).await?)?;
        self.say(&format!("Sold: order {} with {} ticket(s), paid {to_pay}.", sold.code.as_deref().unwrap_or(&sold.id), sold.items.len()));
        for (number, item) in (1..).zip(&sold.items) {
            let barcode = item.ticket.as_ref().and_then(|ticket| ticket.barcode.as_deref());
            out::say(format_args!("  ticket {number}: barcode {}", barcode.unwrap_or("(none in the answer)")));
        }
        Ok(())
    }

    /// Shows a request, sends it, shows the answer; an error answer ends the walk.
    async fn take(&mut self, why: &str, request: &Request) -> Result<Answer, String> {
        self.step += 1;
        self.say(&format!("{}. {why}", self.step));
        self.show(request);
        let sent = clock::now();
        let answer = self.api.send(request).await.map_err(|failure| failure.to_string())?;
        let size = answer.body.len();
        out::say(format_args!("  <- {} in {:.1} ms, {size} bytes", answer.status, clock::micros_since(sent) as f64 / 1000.0));
        out::say(indent(&show::json(&answer.body)));
        if answer.is_success() { Ok(answer) } else { Err(explain::refusal(&answer)) }
    }

    fn show(&self, request: &Request) {
        out::say(format_args!("  -> {} {}", request.method, request.path));
        if request.signed {
            out::say("     authorization: Bearer ****");
        }
        for (name, value) in &request.headers {
            out::say(format_args!("     {name}: {value}"));
        }
        match &request.body {
            Body::None => {}
            Body::Form(fields) => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(name, value)| format!("{name}={}", if *name == "client_secret" { "****" } else { value }))
                    .collect();
                out::say("     content-type: application/x-www-form-urlencoded");
                out::say(format_args!("     {}", fields.join("&")));
            }
            Body::Json(body) => {
                out::say("     content-type: application/json");
                out::say(indent(&show::json(body.to_string().as_bytes())));
            }
        }
    }

    fn say(&self, text: &str) {
        out::say(format_args!("\n{text}"));
    }
}

fn read<T: serde::de::DeserializeOwned>(answer: &Answer) -> Result<T, String> {
    answer.read().map_err(|failure| failure.to_string())
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("     {line}")).collect::<Vec<_>>().join("\n")
}
