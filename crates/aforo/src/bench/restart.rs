//! How long buyers stand before a closed door after a crash: the own server is killed in the middle of a sale and started again on its store.
//! Whether anything was lost is not asked here; the kill tests ask that.

use std::time::Duration;

use super::args::{BenchArgs, Scenario};
use super::own_server::OwnServer;
use super::prepared::Prepared;
use super::run::{self, Shared};
use super::stage;
use crate::client::Api;
use crate::client::credentials::Credentials;
use crate::client::request::Request;
use crate::{clock, out};

/// How long buyers are at it before the kill.
const SALE: Duration = Duration::from_secs(3);

/// Kills the server under full load and starts it again. Answers the milliseconds from the start to its first order.
///
/// # Errors
/// When there is nothing left to sell before the kill, or the server does not come back.
pub async fn measure(args: &BenchArgs, server: &mut OwnServer, credentials: &Credentials) -> Result<f64, String> {
    let sale = BenchArgs { seconds: Some(60), orders: None, recycle: true, scenario: Scenario::Sale, open: None, ..args.clone() };
    let stage = stage::prepare(&sale, &server.base_url, credentials).await?;
    let address = server.base_url.trim_start_matches("http://").to_owned();
    let prepared = Prepared::new(&address, &stage.token, clock::run_id(), args.quantity)?;
    out::note("killing the server under load ...");
    let buying = run::run(&sale, address, None, || Shared::new(&sale, prepared, stage.supply, None, None));
    let ended = tokio::select! {
        ended = buying => Some(ended?),
        () = async { tokio::time::sleep(SALE).await; server.kill() } => None,
    };
    if let Some(ended) = ended {
        return Err(format!("no kill under load: {}", ended.ended.unwrap_or_else(|| "the sale was over".to_owned())));
    }
    let began = clock::now();
    server.start_again()?;
    let mut api = Api::new(&server.base_url).map_err(|failure| failure.to_string())?;
    let signed = api.send(&credentials.channel(args.channel)?.sign_in()).await.map_err(|failure| failure.to_string())?;
    api.keep_token(&signed).map_err(|failure| failure.to_string())?;
    let order = Request::post("/distribution-api/v1/orders").json(serde_json::json!({}));
    api.fetch::<serde_json::Value>(&order).await.map_err(|failure| format!("after the restart: {failure}"))?;
    Ok(clock::micros_since(began) as f64 / 1e3)
}
