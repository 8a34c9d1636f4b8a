//! Work that goes on by itself: what sessions leave to do that were called off or moved to another time, order by order, offers of tickets whose time is over, and old
//! lines of the audit log, for all shards of this process. It only drives: what is done is decided in `domain::orders::cancellations`, `domain::orders::postponed`, `domain::orders::resale` and `domain::audit`, each
//! step is a command that happens whole or not at all, and one that is done twice does nothing.
//!
//! It looks when somebody says that there is something, at its start, and now and then; an installation without such work pays nothing else.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use aforo_domain::audit::MAX_FORGOTTEN;
use aforo_domain::catalogue::Offer;
use aforo_domain::command::{Command, Reply};
use aforo_domain::error::{Code, Error};
use aforo_domain::identity::check::Actor;
use aforo_domain::ids::{OrderId, SessionId, ShardId};
use aforo_domain::orders::cancellations::{Cancellation, CancellationCommand, MAX_RELEASED};
use aforo_domain::orders::postponed::{Postponed, PostponedCommand};
use aforo_domain::orders::resale::{MAX_OVER, ResaleCommand};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::clock::Clock;
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
    /// Starts it, on a thread of its own. Lines of the audit log are kept for so many milliseconds.
    ///
    /// # Errors
    /// If there is no thread.
    pub fn start(engine: &Handle, clock: &Clock, audit_kept_ms: i64) -> Result<Self, StoreError> {
        let failed = |error: std::io::Error| StoreError::Failed(format!("the work that goes on by itself does not start: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(failed)?;
        let (stop, stopping) = watch::channel(false);
        let wake = Arc::new(Notify::new());
        let worker = Worker { engine: engine.clone(), clock: clock.clone(), audit_kept_ms, wake: wake.clone(), stopping };
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
    clock: Clock,
    audit_kept_ms: i64,
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
                    tracing::warn!(%error, "what sessions leave to do rests");
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
        let mut more = false;
        if let Reply::Cancellations(running) = self.ask(shard, CancellationCommand::Running).await? {
            for cancellation in running.iter().take_while(|_| !self.is_over()) {
                more |= self.piece(shard, cancellation).await?;
            }
        }
        if let Reply::Postponed(running) = ask(&self.engine, shard, Command::Postponed(PostponedCommand::Running)).await? {
            for postponed in running.iter().take_while(|_| !self.is_over()) {
                more |= self.tell(shard, postponed).await?;
            }
        }
        more |= self.end_offers(shard).await?;
        more |= self.forget(shard).await?;
        Ok(more && !self.is_over())
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
            if cancellation.refund.is_some() && self.pay_who_sold_again(shard, session).await? {
                return Ok(true);
            }
            let left = u32::try_from(page.total).unwrap_or(u32::MAX);
            self.ask(shard, CancellationCommand::Finish(session, left)).await?;
            return Ok(false);
        };
        let orders: BTreeSet<_> = page.rows.iter().map(|(_, order)| *order).collect();
        self.each(shard, orders, move |order| Command::Cancellation(CancellationCommand::Settle(session, order))).await?;
        self.ask(shard, CancellationCommand::Advance(session, *last)).await?;
        Ok(true)
    }

    /// Pays those back whose tickets others had bought: who has them now was paid back, so who sold them is not paid. The last sold comes first, since who bought of
    /// somebody may have sold again. Whether there may be more.
    async fn pay_who_sold_again(&self, shard: ShardId, session: SessionId) -> Result<bool, Error> {
        let (mut before, mut paid) = (None, false);
        loop {
            let page = self.engine.read(shard, move |reader| reader.resold_tickets(shard, session, before, PAGE)).await?;
            let Some((last, _)) = page.last().copied() else { return Ok(paid) };
            for (_, order) in page {
                let settled = self.ask(shard, CancellationCommand::Settle(session, order)).await?;
                paid |= matches!(settled, Reply::Removed(some) if some > 0);
            }
            before = Some(last);
        }
    }

    /// Takes back what is offered again and whose time is over. Whether there may be more.
    async fn end_offers(&self, shard: ShardId) -> Result<bool, Error> {
        let Reply::Listings(over) = ask(&self.engine, shard, Command::Resale(ResaleCommand::Over)).await? else { return Ok(false) };
        for listing in over.iter().take_while(|_| !self.is_over()) {
            ask(&self.engine, shard, Command::Resale(ResaleCommand::End(listing.id))).await?;
        }
        Ok(over.len() == MAX_OVER)
    }

    /// Has the buyers of some tickets of a session told that it is at another time. Whether there are more.
    async fn tell(&self, shard: ShardId, postponed: &Postponed) -> Result<bool, Error> {
        let (session, behind) = (postponed.session, postponed.through);
        let page = self.engine.read(shard, move |reader| reader.live_tickets(shard, session, &[], behind, PAGE)).await?;
        let Some((last, _)) = page.rows.last() else {
            ask(&self.engine, shard, Command::Postponed(PostponedCommand::Finish(session))).await?;
            return Ok(false);
        };
        let orders: BTreeSet<_> = page.rows.iter().map(|(_, order)| *order).collect();
        self.each(shard, orders, move |order| Command::Postponed(PostponedCommand::Tell(session, order))).await?;
        ask(&self.engine, shard, Command::Postponed(PostponedCommand::Advance(session, *last))).await?;
        Ok(true)
    }

    /// Has each of these orders dealt with.
    async fn each(&self, shard: ShardId, orders: BTreeSet<OrderId>, command: impl Fn(OrderId) -> Command) -> Result<(), Error> {
        let (mut waiting, mut under_way) = (orders.into_iter(), JoinSet::new());
        loop {
            while under_way.len() < AT_ONCE
                && let Some(order) = waiting.next()
            {
                let (engine, command) = (self.engine.clone(), command(order));
                under_way.spawn(async move { settle(&engine, shard, command).await });
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

    /// Takes the oldest lines out of the audit log, if they were kept for long enough. Whether there may be more.
    async fn forget(&self, shard: ShardId) -> Result<bool, Error> {
        let before = self.clock.now().plus_ms(-self.audit_kept_ms);
        let old = self.engine.read(shard, move |reader| reader.audit_lines_before(shard, before, MAX_FORGOTTEN as u64)).await?;
        let more = old.len() == MAX_FORGOTTEN;
        if !old.is_empty() {
            ask(&self.engine, shard, Command::ForgetAudit(old)).await?;
        }
        Ok(more)
    }

    async fn ask(&self, shard: ShardId, command: CancellationCommand) -> Result<Reply, Error> {
        ask(&self.engine, shard, Command::Cancellation(command)).await
    }
}

/// Has an order dealt with until there is nothing left to do.
async fn settle(engine: &Handle, shard: ShardId, command: Command) -> Result<(), Error> {
    while matches!(ask(engine, shard, command.clone()).await?, Reply::Removed(some) if some > 0) {}
    Ok(())
}

async fn ask(engine: &Handle, shard: ShardId, command: Command) -> Result<Reply, Error> {
    let request = Request { shard, actor: Actor::System, command, idempotency: None };
    engine.run(request).await.result
}
