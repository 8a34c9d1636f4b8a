//! Work that goes on by itself: what sessions that were called off leave to do, order by order, for all shards of this process. It only drives: what is done
//! is decided in `domain::orders::cancellations`, each step is a command that happens whole or not at all, and one that is done twice does nothing.
//!
//! It looks when somebody says that there is something, at its start, and now and then; an installation without such work pays nothing else.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use aforo_domain::catalogue::Offer;
use aforo_domain::command::{Command, Reply};
use aforo_domain::error::{Code, Error};
use aforo_domain::identity::check::Actor;
use aforo_domain::ids::{OrderId, SessionId, ShardId};
use aforo_domain::orders::cancellations::{Cancellation, CancellationCommand, MAX_RELEASED};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::engine::threads::spawn;
use crate::engine::{Handle, Request};
use crate::store::StoreError;

/// How often it looks though nobody said anything: a shard may have been taken over.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How long it waits after something failed.
const REST: Duration = Duration::from_secs(1);
/// Tickets that are read at a time.
const PAGE: u64 = 256;
/// Orders that are with the engine at a time: few, so that sales go first.
const AT_ONCE: usize = 8;

/// The running work. It ends when it is dropped, and cleanly with [`Jobs::stop`].
#[derive(Debug)]
pub struct Jobs {
    wake: Arc<Notify>,
    stop: watch::Sender<bool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Jobs {
    /// Starts it, on a thread of its own.
    ///
    /// # Errors
    /// If there is no thread.
    pub fn start(engine: &Handle) -> Result<Self, StoreError> {
        let failed = |error: std::io::Error| StoreError::Failed(format!("the work of cancellations does not start: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(failed)?;
        let (stop, stopping) = watch::channel(false);
        let wake = Arc::new(Notify::new());
        let worker = Worker { engine: engine.clone(), wake: wake.clone(), stopping };
        let thread = spawn("aforo-jobs", move || runtime.block_on(worker.run()))?;
        Ok(Self { wake, stop, thread: Mutex::new(Some(thread)) })
    }

    /// Says that there is something to do.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Ends it: what is with the engine is waited for, the rest is done after the next start.
    pub async fn stop(&self) {
        let _ = self.stop.send(true);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let _ = tokio::task::spawn_blocking(move || thread.map(JoinHandle::join)).await;
    }
}

struct Worker {
    engine: Handle,
    wake: Arc<Notify>,
    stopping: watch::Receiver<bool>,
}

impl Worker {
    async fn run(mut self) {
        loop {
            let pause = match self.round().await {
                Ok(true) => Duration::ZERO,
                Ok(false) => LOOK_EVERY,
                Err(error) => {
                    tracing::warn!(%error, "cancellations rest");
                    REST
                }
            };
            if pause.is_zero() && !self.is_over() {
                continue;
            }
            tokio::select! {
                () = self.wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
                // Told to stop, or nobody is left to tell it.
                _ = self.stopping.changed() => return,
            }
        }
    }

    /// Whether it was told to stop, or nobody is left to tell it.
    fn is_over(&self) -> bool {
        *self.stopping.borrow() || self.stopping.has_changed().is_err()
    }

    /// Does a piece of the work of each session that has some. Whether there may be more. What fails in one shard holds up no other.
    async fn round(&self) -> Result<bool, Error> {
        let (mut more, mut failed) = (false, None);
        for shard in self.engine.views().shards() {
            match self.round_in(shard).await {
                Ok(some) => more |= some,
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(more), Err)
    }

    async fn round_in(&self, shard: ShardId) -> Result<bool, Error> {
        let Reply::Cancellations(running) = self.ask(shard, CancellationCommand::Running).await? else { return Ok(false) };
        let mut more = false;
        for cancellation in running {
            if self.is_over() {
                return Ok(false);
            }
            more |= self.piece(shard, &cancellation).await?;
        }
        Ok(more)
    }

    /// A piece of the work of one session. Whether there is more.
    async fn piece(&self, shard: ShardId, cancellation: &Cancellation) -> Result<bool, Error> {
        let session = cancellation.session;
        if let Reply::Removed(released) = self.ask(shard, CancellationCommand::Release(session)).await?
            && released as usize >= MAX_RELEASED
        {
            return Ok(true);
        }
        let (behind, seasons) = (cancellation.through, self.seasons(shard, cancellation));
        let page = self.engine.read(shard, move |reader| reader.live_tickets(shard, session, &seasons, behind, PAGE)).await?;
        let Some((last, _)) = page.rows.last() else {
            let left = u32::try_from(page.total).unwrap_or(u32::MAX);
            self.ask(shard, CancellationCommand::Finish(session, left)).await?;
            return Ok(false);
        };
        let orders: BTreeSet<_> = page.rows.iter().map(|(_, order)| *order).collect();
        self.settle(shard, session, orders).await?;
        self.ask(shard, CancellationCommand::Advance(session, *last)).await?;
        Ok(true)
    }

    /// Has each of these orders dealt with.
    async fn settle(&self, shard: ShardId, session: SessionId, orders: BTreeSet<OrderId>) -> Result<(), Error> {
        let (mut waiting, mut under_way) = (orders.into_iter(), JoinSet::new());
        loop {
            while under_way.len() < AT_ONCE
                && let Some(order) = waiting.next()
            {
                let engine = self.engine.clone();
                under_way.spawn(async move { settle(&engine, shard, session, order).await });
            }
            match under_way.join_next().await {
                None => return Ok(()),
                Some(done) => done.map_err(|_| Error::new(Code::Dist0000).because("a task panicked"))??,
            }
        }
    }

    /// The seasons whose tickets have to do with a session: none, where nothing comes back.
    fn seasons(&self, shard: ShardId, cancellation: &Cancellation) -> Vec<SessionId> {
        let Some(view) = self.engine.views().shard(shard).filter(|_| cancellation.refund.is_some()) else { return Vec::new() };
        let covers = |offer: &&Arc<Offer>| offer.session.season.as_ref().is_some_and(|season| season.covers(cancellation.session));
        view.catalogue.offers.values().filter(covers).map(|offer| offer.session.id).collect()
    }

    async fn ask(&self, shard: ShardId, command: CancellationCommand) -> Result<Reply, Error> {
        ask(&self.engine, shard, command).await
    }
}

/// Has an order dealt with until there is nothing left to do.
async fn settle(engine: &Handle, shard: ShardId, session: SessionId, order: OrderId) -> Result<(), Error> {
    while ask(engine, shard, CancellationCommand::Settle(session, order)).await? != Reply::Removed(0) {}
    Ok(())
}

async fn ask(engine: &Handle, shard: ShardId, command: CancellationCommand) -> Result<Reply, Error> {
    let request = Request { shard, actor: Actor::System, command: Command::Cancellation(command), idempotency: None };
    engine.run(request).await.result
}
