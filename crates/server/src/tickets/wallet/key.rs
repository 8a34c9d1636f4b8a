//! RSA keys that sign passes: PKCS#1 v1.5 with SHA-256, which both wallets take. What is signed is the caller's.

use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;

use crate::tickets::Broken;

/// A private key. Its `Debug` shows nothing of it.
#[derive(Debug)]
pub struct RsaKey(RsaKeyPair);

impl RsaKey {
    /// Reads a key in PEM form (PKCS#8 or PKCS#1), not encrypted.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(pem: &[u8]) -> Result<Self, String> {
        let pair = match PrivateKeyDer::from_pem_slice(pem) {
            Ok(PrivateKeyDer::Pkcs8(key)) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            Ok(PrivateKeyDer::Pkcs1(key)) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            _ => return Err("no RSA private key in PEM form that is not encrypted".to_owned()),
        };
        pair.map(Self).map_err(|error| format!("not an RSA key of 2048 bits or more: {error}"))
    }

    /// Its public half, as certificates hold it.
    pub fn public(&self) -> &[u8] {
        self.0.public().as_ref()
    }

    /// The signature of a message. It is the same for the same message: chance only hides the key from who watches.
    ///
    /// # Errors
    /// [`Broken`] if the system has no randomness.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Broken> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        let signed = self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature);
        signed.map_err(|error| Broken::of("signature", error))?;
        Ok(signature)
    }
}
