//! Passwords of people and of collectives' members: Argon2id on threads of their own, a few at a time, because each takes tens of milliseconds and up to
//! 19 MiB on purpose. Keys and tokens are random and need none of this.

use std::sync::Arc;

use aforo_domain::error::{Code, Error};
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use super::respond::Problem;
use super::workers::Workers;
use crate::chance::Chance;

/// Hashes worked on at once.
const WORKERS: usize = 2;
/// Requests that wait for one; beyond it `OVERLOADED` at once.
const WAITING: usize = 64;
/// The longest password, in bytes: longer ones are wrong without being looked at.
pub const MAX_PASSWORD: usize = 1_000;

/// Passwords of members that one worker hashes at a time: others do not wait long behind a list.
const AT_ONCE: usize = 8;

/// Whose a password is: how hard its hash is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// A person's who works here: 19 MiB, two passes.
    User,
    /// A member's of a collective, of whom lists of tens of thousands are imported: 7 MiB, five passes, the least that OWASP advises.
    Member,
}

/// Where passwords are hashed and compared.
#[derive(Debug)]
pub struct Passwords {
    workers: Workers,
    /// Compared with when there is no such user, so that it takes as long. Nobody knows its password.
    nobody: Arc<str>,
    /// The same for members.
    no_member: Arc<str>,
}

impl Passwords {
    /// A pool with nothing to do.
    pub fn new(seed: [u8; 32]) -> Self {
        let nobody = |whose| hash(whose, &seed[..16], &seed[16..]).unwrap_or_default().into();
        let (nobody, no_member) = (nobody(Whose::User), nobody(Whose::Member));
        Self { workers: Workers::new(WORKERS, WAITING), nobody, no_member }
    }

    /// The hash of a new password in PHC form, with a salt of its own.
    ///
    /// # Errors
    /// `OVERLOADED` if too many wait.
    pub async fn hash(&self, chance: &Chance, whose: Whose, password: String) -> Result<String, Problem> {
        let seed = chance.seed();
        let hashed = self.workers.run(move || hash(whose, password.as_bytes(), &seed[..16])).await?;
        hashed.map_err(|error| Error::new(Code::Dist0000).because(error).into())
    }

    /// The hashes of new members' passwords, in their order.
    ///
    /// # Errors
    /// `OVERLOADED` if too many wait.
    pub async fn hash_members(&self, chance: &Chance, passwords: &[String]) -> Result<Vec<String>, Problem> {
        let mut hashes = Vec::with_capacity(passwords.len());
        for part in passwords.chunks(AT_ONCE) {
            let part: Vec<_> = part.iter().map(|password| (password.clone(), chance.seed())).collect();
            let work = move || part.iter().map(|(password, seed)| hash(Whose::Member, password.as_bytes(), &seed[..16])).collect();
            let hashed: Result<Vec<_>, String> = self.workers.run(work).await?;
            hashes.extend(hashed.map_err(|error| Error::new(Code::Dist0000).because(error))?);
        }
        Ok(hashes)
    }

    /// Whether a password is the one that was hashed; without a hash (no such user) it never is, and takes as long to say.
    ///
    /// # Errors
    /// `OVERLOADED` if too many wait.
    pub async fn verify(&self, whose: Whose, phc: Option<String>, password: String) -> Result<bool, Problem> {
        let nobody = phc.is_none();
        let phc = phc.unwrap_or_else(|| match whose {
            Whose::User => self.nobody.to_string(),
            Whose::Member => self.no_member.to_string(),
        });
        let right = self.workers.run(move || verify(&phc, password.as_bytes())).await?;
        Ok(right && !nobody)
    }
}

fn argon2id(params: Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(whose: Whose, password: &[u8], salt: &[u8]) -> Result<String, String> {
    let params = match whose {
        Whose::User => Params::DEFAULT,
        Whose::Member => Params::new(7 * 1_024, 5, 1, None).map_err(|error| error.to_string())?,
    };
    argon2id(params).hash_password_with_salt(password, salt).map(|hash: PasswordHash| hash.to_string()).map_err(|error| error.to_string())
}

/// The hash says how hard it is.
fn verify(phc: &str, password: &[u8]) -> bool {
    password.len() <= MAX_PASSWORD
        && PasswordHash::new(phc).is_ok_and(|hash| argon2id(Params::DEFAULT).verify_password(password, &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::{Chance, Passwords, Whose};

    #[tokio::test]
    async fn a_password_is_known_again_and_another_is_not() {
        let (passwords, chance) = (Passwords::new([7; 32]), Chance::seeded(1));
        let phc = passwords.hash(&chance, Whose::User, "el gos de Ramona".to_owned()).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(passwords.verify(Whose::User, Some(phc.clone()), "el gos de Ramona".to_owned()).await.unwrap());
        assert!(!passwords.verify(Whose::User, Some(phc.clone()), "el gat de Ramona".to_owned()).await.unwrap());
        assert!(!passwords.verify(Whose::User, None, "el gos de Ramona".to_owned()).await.unwrap());
        assert_ne!(phc, passwords.hash(&chance, Whose::User, "el gos de Ramona".to_owned()).await.unwrap(), "salted");
    }

    #[tokio::test]
    async fn members_have_cheaper_hashes_that_are_as_good() {
        let (passwords, chance) = (Passwords::new([7; 32]), Chance::seeded(1));
        let words: Vec<_> = (0..10).map(|number| format!("word {number}")).collect();
        let hashes = passwords.hash_members(&chance, &words).await.unwrap();
        assert!(hashes.iter().all(|phc| phc.starts_with("$argon2id$v=19$m=7168,t=5,p=1$")), "{hashes:?}");
        let right = async |phc: Option<&String>, word: &str| passwords.verify(Whose::Member, phc.cloned(), word.to_owned()).await.unwrap();
        assert!(right(hashes.last(), "word 9").await && !right(hashes.last(), "word 8").await && !right(None, "word 9").await);
    }
}
