//! The outbox: delivers messages that are in the tables, at least once, in order per object and receiver, and tells the shard what became of them.
//!
//! What is sent and when it is tried again is `domain::messages`'; which messages are due is read from the tables ([`crate::store`]), so that what waits
//! takes no memory and what is not committed is not seen. One dispatcher a process works for the shards that it owns: to any other epoch than the
//! owner's nothing is due. A crash between a delivery and its result repeats the message with the same id.

mod dispatcher;
pub mod hooks;
pub mod in_hand;
mod mail;
mod meters;
pub mod nats;
mod pace;
mod targets;

use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::watch;

use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::Config;
use crate::engine::Handle;
use crate::engine::threads::spawn;
use crate::store::{Store, StoreError};
use dispatcher::Dispatcher;
use meters::Meters;
use targets::Targets;

/// A running outbox. It ends when it is dropped, and cleanly with [`Outbox::stop`].
#[derive(Debug)]
pub struct Outbox {
    stop: watch::Sender<bool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Outbox {
    /// Starts it, on a thread and a runtime of its own: no delivery takes anything from those who serve. It counts into the metrics recorder in force
    /// (`metrics::with_local_recorder`).
    ///
    /// # Errors
    /// What the store says, or that there is no thread.
    pub fn start(store: &Store, engine: &Handle, clock: &Clock, chance: &Chance, config: &Config) -> Result<Self, StoreError> {
        let failed = |error: String| StoreError::Failed(format!("the outbox does not start: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| failed(error.to_string()))?;
        let targets = Targets::of(config, engine, clock.clone(), chance.clone()).map_err(failed)?;
        let mut dispatcher = Dispatcher::new(engine.clone(), clock.clone(), store.loader()?, targets, Meters::register());
        let (stop, stopping) = watch::channel(false);
        // The dispatcher is dropped after that, here: its end of the store may not be within a runtime.
        let thread = spawn("aforo-outbox", move || {
            give_way();
            runtime.block_on(dispatcher.run(stopping));
        })?;
        Ok(Self { stop, thread: Mutex::new(Some(thread)) })
    }

    /// Ends it: what is being delivered is finished, within bounds, and its results are told. The engine must still run.
    pub async fn stop(&self) {
        let _ = self.stop.send(true);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let _ = tokio::task::spawn_blocking(move || thread.map(JoinHandle::join)).await;
    }
}

/// How far this thread stands back where all cores are busy, on the scale of nice(1): it gets what nobody else wants, and next to nothing where there is none.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 19;

/// Lets those who serve go first, from this thread and the ones that it starts: what was sold is told a moment later, and nobody who buys waits for that.
/// Only on Linux has a thread a priority of its own that needs no rights.
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::warn!(%error, "messages are delivered at the priority of those who serve");
    }
}
