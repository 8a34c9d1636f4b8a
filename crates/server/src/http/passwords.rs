//! Passwords of people: Argon2id on threads of their own, a few at a time, because each takes tens of milliseconds and 19 MiB on purpose. Keys and
//! tokens are random and need none of this.

use std::sync::Arc;

use aforo_domain::error::{Code, Error};
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use super::respond::Problem;
use crate::chance::Chance;

/// Hashes worked on at once.
const WORKERS: usize = 2;
/// Requests that wait for one; beyond it `OVERLOADED` at once.
const WAITING: usize = 64;
/// The longest password, in bytes: longer ones are wrong without being looked at.
pub const MAX_PASSWORD: usize = 1_000;

/// Where passwords are hashed and compared.
#[derive(Debug)]
pub struct Passwords {
    workers: Arc<Semaphore>,
    waiting: Semaphore,
    /// Compared with when there is no such user, so that it takes as long. Nobody knows its password.
    nobody: Arc<str>,
}

impl Passwords {
    /// A pool with nothing to do.
    pub fn new(seed: [u8; 32]) -> Self {
        let nobody = hash(&seed[..16], &seed[16..]).unwrap_or_default();
        Self { workers: Arc::new(Semaphore::new(WORKERS)), waiting: Semaphore::new(WAITING), nobody: nobody.into() }
    }

    /// The hash of a new password in PHC form, with a salt of its own.
    ///
    /// # Errors
    /// `OVERLOADED` if too many wait.
    pub async fn hash(&self, chance: &Chance, password: String) -> Result<String, Problem> {
        let seed = chance.seed();
        let hashed = self.off_thread(move || hash(password.as_bytes(), &seed[..16])).await?;
        hashed.map_err(|error| Error::new(Code::Dist0000).because(error).into())
    }

    /// Whether a password is the one that was hashed; without a hash (no such user) it never is, and takes as long to say.
    ///
    /// # Errors
    /// `OVERLOADED` if too many wait.
    pub async fn verify(&self, phc: Option<String>, password: String) -> Result<bool, Problem> {
        let nobody = phc.is_none();
        let phc = phc.unwrap_or_else(|| self.nobody.to_string());
        let right = self.off_thread(move || verify(&phc, password.as_bytes())).await?;
        Ok(right && !nobody)
    }

    async fn off_thread<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let _waiting = self.waiting.try_acquire().map_err(|_| Code::Overloaded)?;
        let worker = self.workers.clone().acquire_owned().await.map_err(|_| Code::Overloaded)?;
        // The worker's permit goes along: a client that hangs up does not make room for another hash while its own goes on.
        let work = move || {
            let _worker = worker;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| Error::new(Code::Dist0000).because(error.to_string()).into())
    }
}

fn argon2id() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

fn hash(password: &[u8], salt: &[u8]) -> Result<String, String> {
    argon2id().hash_password_with_salt(password, salt).map(|hash: PasswordHash| hash.to_string()).map_err(|error| error.to_string())
}

fn verify(phc: &str, password: &[u8]) -> bool {
    password.len() <= MAX_PASSWORD && PasswordHash::new(phc).is_ok_and(|hash| argon2id().verify_password(password, &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::{Chance, Passwords};

    #[tokio::test]
    async fn a_password_is_known_again_and_another_is_not() {
        let (passwords, chance) = (Passwords::new([7; 32]), Chance::seeded(1));
        let phc = passwords.hash(&chance, "el gos de Ramona".to_owned()).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(passwords.verify(Some(phc.clone()), "el gos de Ramona".to_owned()).await.unwrap());
        assert!(!passwords.verify(Some(phc.clone()), "el gat de Ramona".to_owned()).await.unwrap());
        assert!(!passwords.verify(None, "el gos de Ramona".to_owned()).await.unwrap());
        assert_ne!(phc, passwords.hash(&chance, "el gos de Ramona".to_owned()).await.unwrap(), "salted");
    }
}
