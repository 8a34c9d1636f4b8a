//! Work that takes long on purpose or by its nature (hashing a password, drawing a page): on threads of its own, a few pieces at a time, with a bounded
//! queue before them. What the work is, is the caller's.

use std::sync::Arc;

use aforo_domain::error::{Code, Error};
use tokio::sync::Semaphore;

use super::respond::Problem;

/// A few threads at most for one kind of work.
#[derive(Debug)]
pub struct Workers {
    working: Arc<Semaphore>,
    places: Semaphore,
}

impl Workers {
    /// So many pieces worked on at once, and so many there in all, those that wait included.
    pub fn new(at_once: usize, in_all: usize) -> Self {
        Self { working: Arc::new(Semaphore::new(at_once)), places: Semaphore::new(in_all) }
    }

    /// Does a piece of work when its turn comes.
    ///
    /// # Errors
    /// `OVERLOADED` at once if too many wait; `DIST0000` if it panics.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let _place = self.places.try_acquire().map_err(|_| Code::Overloaded)?;
        let worker = self.working.clone().acquire_owned().await.map_err(|_| Code::Overloaded)?;
        // The worker's permit goes along: a client that hangs up does not make room for another piece while its own goes on.
        let work = move || {
            let _worker = worker;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| Error::new(Code::Dist0000).because(error.to_string()).into())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use aforo_domain::error::Code;

    use super::Workers;

    #[tokio::test]
    async fn who_finds_no_place_is_told_at_once() {
        let workers = Workers::new(1, 2);
        let (go, wait) = mpsc::channel::<()>();
        let (first, second, refused) = tokio::join!(workers.run(move || wait.recv().is_ok()), workers.run(|| 2), async {
            let refused = workers.run(|| 3).await;
            go.send(()).unwrap();
            refused
        });
        assert!(first.unwrap());
        assert_eq!(second.unwrap(), 2);
        assert!(refused.unwrap_err().is(Code::Overloaded));
        assert_eq!(workers.run(|| 4).await.unwrap(), 4);
    }
}
