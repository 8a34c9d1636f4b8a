//! The readers: a few threads that read lists out of the tables, apart from the loaders, so that no command ever waits behind a list.
//!
//! What is read is `store::lists`'; whether the tables have come far enough is [`super::Handle::read`]'s to wait for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use aforo_domain::error::{Code, Error};
use tokio::sync::oneshot;

use crate::store::{READ_PATIENCE, Reader, Store, StoreError};

/// How many readers there are.
const THREADS: usize = 2;
/// Lists that wait for a reader at most; beyond it callers are refused at once.
const QUEUE: usize = 64;

/// A list to read.
type Job = Box<dyn FnOnce(Result<&mut Reader, StoreError>) + Send>;

/// Where lists are asked for. The threads end when [`Readers::end`] is called or the last clone is gone.
#[derive(Debug, Clone)]
pub struct Readers {
    jobs: Arc<Mutex<Option<Sender<Job>>>>,
    waiting: Arc<AtomicUsize>,
}

impl Readers {
    /// Starts the threads. They open their end of the store when the first list is asked for.
    ///
    /// # Errors
    /// If the system has no thread to give.
    pub fn start(store: &Store) -> Result<(Self, Vec<JoinHandle<()>>), StoreError> {
        let (jobs, inbox) = channel();
        let inbox = Arc::new(Mutex::new(inbox));
        let mut threads = Vec::new();
        for number in 0..THREADS {
            let (store, inbox) = (store.clone(), inbox.clone());
            let thread = std::thread::Builder::new().name(format!("aforo-reader-{number}"));
            let failed = |error| StoreError::Failed(format!("no thread for lists: {error}"));
            threads.push(thread.spawn(move || work(&store, &inbox)).map_err(failed)?);
        }
        Ok((Self { jobs: Arc::new(Mutex::new(Some(jobs))), waiting: Arc::default() }, threads))
    }

    /// Reads.
    ///
    /// # Errors
    /// `OVERLOADED` if too many wait, if it takes too long or if the database cannot be reached; `DIST0000` if the store fails.
    pub async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Error> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= QUEUE {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Error::new(Code::Overloaded).because("too many lists wait"));
        }
        let (answer, answered) = oneshot::channel();
        // What stops the statement under way, as long as it is this list's.
        let under_way = Arc::new(Mutex::new(None));
        let (waiting, stops) = (self.waiting.clone(), under_way.clone());
        let job: Job = Box::new(move |reader| {
            waiting.fetch_sub(1, Ordering::Relaxed);
            if answer.is_closed() {
                return;
            }
            let read = |reader: &mut Reader| {
                *lock(&stops) = reader.interrupt();
                let found = read(reader);
                lock(&stops).take();
                found
            };
            drop(answer.send(reader.and_then(read)));
        });
        let sent = lock(&self.jobs).as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
        if !sent {
            return Err(Error::new(Code::Overloaded).because("the readers have ended"));
        }
        match tokio::time::timeout(READ_PATIENCE, answered).await {
            Ok(Ok(Ok(found))) => Ok(found),
            Ok(Ok(Err(StoreError::Lost(why)))) => Err(Error::new(Code::Overloaded).because(why)),
            Ok(Ok(Err(error))) => Err(Error::new(Code::Dist0000).because(error.to_string())),
            Ok(Err(_)) => Err(Error::new(Code::Dist0000).because("reading a list panicked")),
            Err(_) => {
                if let Some(interrupt) = lock(&under_way).take() {
                    interrupt.interrupt();
                }
                Err(Error::new(Code::Overloaded).because("a list takes too long"))
            }
        }
    }

    /// Lets the threads end.
    pub fn end(&self) {
        lock(&self.jobs).take();
    }
}

fn work(store: &Store, inbox: &Mutex<Receiver<Job>>) {
    let mut reader = None;
    loop {
        let Ok(job) = lock(inbox).recv() else { return };
        if reader.is_none() {
            match store.reader() {
                Ok(opened) => reader = Some(opened),
                Err(error) => {
                    job(Err(error));
                    continue;
                }
            }
        }
        let Some(open) = reader.as_mut() else { continue };
        // A list that cannot be read must not end the process: who asked is told, and the reader is opened anew.
        if catch_unwind(AssertUnwindSafe(|| job(Ok(open)))).is_err() {
            tracing::error!("reading a list panicked");
            reader = None;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
