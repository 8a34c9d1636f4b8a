//! The sign-ins of a shard, all in memory: their number is capped per principal. A part of the World; whom they may be given to is decided in
//! [`super::sign_in`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Family, Principal};
use crate::ids::FamilyId;
use crate::moment::Timestamp;

/// All sign-ins.
#[derive(Debug, Default)]
pub struct Families {
    by_id: BTreeMap<FamilyId, Arc<Family>>,
    by_principal: BTreeMap<Principal, SignIns>,
}

/// The sign-ins of one principal.
#[derive(Debug, Default)]
pub struct SignIns {
    /// Those that can be refreshed, the oldest first.
    pub live: BTreeSet<(Timestamp, FamilyId)>,
    /// How many revoked ones are remembered.
    pub revoked: usize,
}

impl Families {
    /// A sign-in.
    pub fn get(&self, id: FamilyId) -> Option<&Arc<Family>> {
        self.by_id.get(&id)
    }

    /// Those of one principal.
    pub fn of(&self, principal: Principal) -> Option<&SignIns> {
        self.by_principal.get(&principal)
    }

    /// Puts one in force; answers the image before.
    pub(crate) fn put(&mut self, family: &Arc<Family>) -> Option<Arc<Family>> {
        let before = self.remove(family.id);
        let sign_ins = self.by_principal.entry(family.subject.principal()).or_default();
        if family.revoked {
            sign_ins.revoked += 1;
        } else {
            sign_ins.live.insert((family.expires, family.id));
        }
        self.by_id.insert(family.id, family.clone());
        before
    }

    /// Takes one out.
    pub(crate) fn remove(&mut self, id: FamilyId) -> Option<Arc<Family>> {
        let family = self.by_id.remove(&id)?;
        let principal = family.subject.principal();
        if let Some(sign_ins) = self.by_principal.get_mut(&principal) {
            if family.revoked {
                sign_ins.revoked -= 1;
            } else {
                sign_ins.live.remove(&(family.expires, id));
            }
            if sign_ins.live.is_empty() && sign_ins.revoked == 0 {
                self.by_principal.remove(&principal);
            }
        }
        Some(family)
    }
}
