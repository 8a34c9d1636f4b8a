//! What a promoter does while others sell: a plan of 50 000 seats is brought in and session after session of it put on sale, through the management
//! API, in a thread of its own. It shows whether a sale has to wait for that; the sale itself is not its business.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use serde::Serialize;
use serde_json::{Value, json};

use super::more_sessions;
use crate::client::Failure;
use crate::client::credentials::ManagementKey;
use crate::client::request::Request;
use crate::client::wire::Named;
use crate::clock;

const SECTORS: u32 = 50;
const ROWS: u32 = 25;
const SEATS: u32 = 40;

/// What was set up during a run.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Done {
    /// Seats of the plan.
    pub seats: u32,
    /// Milliseconds until the plan was there.
    pub plan_ms: f64,
    /// Sessions of it that were made and published.
    pub sessions: u32,
    /// Seconds that took.
    pub sessions_s: f64,
}

/// Set-up under way.
pub struct SetUp {
    enough: Arc<AtomicBool>,
    thread: JoinHandle<Result<Done, String>>,
}

/// Where and what.
pub struct Job {
    /// The server.
    pub base: String,
    /// Who may set up.
    pub key: ManagementKey,
    /// The hot session, of which the new ones are like.
    pub like: (u64, u64),
    /// Where they are published.
    pub channel: u64,
    /// How many sessions.
    pub sessions: u32,
}

impl SetUp {
    /// Begins.
    pub fn start(job: Job) -> Self {
        let enough = Arc::new(AtomicBool::new(false));
        let seen = enough.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
            runtime.block_on(work(&job, &seen)).map_err(|failure| format!("setting up: {failure}"))
        });
        Self { enough, thread }
    }

    /// The run is over: what was done until now.
    ///
    /// # Errors
    /// Why it could not be done.
    pub fn end(self) -> Result<Done, String> {
        self.enough.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_else(|_| Err("setting up broke".to_owned()))
    }
}

async fn work(job: &Job, enough: &AtomicBool) -> Result<Done, Failure> {
    let api = more_sessions::signed_in(&job.base, &job.key).await?;
    let (event, session) = job.like;
    let mut like = more_sessions::like(&api, event, session).await?;
    let template: Value = api.fetch(&Request::get(format!("/mgmt-api/v1/venue-templates/{}", like["venue_template_id"]))).await?;
    let body = plan(&template);
    let began = clock::now();
    let made: Named = api.fetch(&Request::post("/mgmt-api/v1/venue-templates".to_owned()).json(body)).await?;
    let mut done = Done { seats: SECTORS * ROWS * SEATS, plan_ms: clock::micros_since(began) as f64 / 1e3, sessions: 0, sessions_s: 0.0 };
    like["venue_template_id"] = json!(made.id);
    let began = clock::now();
    while done.sessions < job.sessions && !enough.load(Ordering::Relaxed) {
        more_sessions::one(&api, event, &mut like, &format!("set up {}", done.sessions + 1), job.channel).await?;
        done.sessions += 1;
        done.sessions_s = clock::micros_since(began) as f64 / 1e6;
    }
    Ok(done)
}

/// A plan of the same venue with the same price types, so that the hot session's prices are right for it.
fn plan(template: &Value) -> Value {
    let kinds = template["price_types"].as_array().cloned().unwrap_or_default();
    let code = |sector: u32| kinds.get(sector as usize % kinds.len().max(1)).map(|kind| kind["code"].clone()).unwrap_or_default();
    let row = |row: u32| {
        let seats = (1..=SEATS).map(|seat| json!({"name": seat.to_string(), "x": seat * 10, "y": row * 10}));
        json!({"name": row.to_string(), "seats": seats.collect::<Vec<_>>()})
    };
    let sector = |number: u32| {
        let rows = (1..=ROWS).map(row).collect::<Vec<_>>();
        json!({"name": format!("Block {number}"), "price_type": code(number), "rows": rows})
    };
    json!({
        "venue_id": template["venue_id"], "name": "Set up by bench", "price_types": kinds,
        "sectors": (1..=SECTORS).map(sector).collect::<Vec<_>>(),
    })
}
