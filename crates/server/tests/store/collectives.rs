//! Collectives and their members, as rows, and one that an order carries.

use std::sync::Arc;

use aforo_domain::change::{Counter, CounterKey, Row};
use aforo_domain::collectives::{Check, Collective, Holder, Member, MemberKey, MemberNumber, PasswordHash, TakenCollective, UseLimits};
use aforo_domain::identity::Status;
use aforo_domain::ids::*;
use aforo_domain::promotions::PromotionCode;

use crate::rows::{NOW, text};

pub fn rows() -> Vec<Row> {
    let collective = |id, check| Collective {
        id: CollectiveId(id),
        entity: EntityId(11),
        name: "Fans".into(),
        names: text("Fans"),
        check,
        status: Status::Active,
        valid_from: Some(NOW),
        valid_until: None,
        channels: vec![ChannelId(21)],
        limits: UseLimits { total: Some(10), per_member: Some(2) },
        version: 1,
    };
    let codes = PromotionCode::parse("FAN2031").map(|code| (code, Some(7))).into_iter().collect();
    let id = CollectiveId(96).member(1);
    let member = Member {
        collective: CollectiveId(96),
        key: key(),
        id,
        name: Some("Ana «ç»".into()),
        password: Some(PasswordHash("$argon2id$v=19$m=7168,t=5,p=1$c2FsdA$aGFzaA".into())),
        active: true,
        valid_from: Some(NOW),
        valid_until: None,
        version: 1,
    };
    vec![
        Arc::new(collective(95, Check::Code(codes))).into(),
        Arc::new(collective(96, Check::MemberPassword)).into(),
        Arc::new(member).into(),
        Arc::new(MemberNumber { id, member: Some(key().hash) }).into(),
        Arc::new(MemberNumber { id: CollectiveId(96).member(2), member: None }).into(),
        Counter { key: CounterKey::Members(CollectiveId(96)), value: 2 }.into(),
        Counter { key: CounterKey::CollectiveUses(CollectiveId(95)), value: 3 }.into(),
        Counter { key: CounterKey::MemberUses(CollectiveId(96), key().hash), value: 2 }.into(),
        Counter { key: CounterKey::PromotionMemberUses(PromotionId(91), key().hash), value: 1 }.into(),
    ]
}

fn key() -> MemberKey {
    MemberKey { hash: Hash([0x79; 32]), masked: "***na".into() }
}

/// A collective that an order carries.
pub fn taken() -> TakenCollective {
    TakenCollective { id: CollectiveId(96), holder: Holder::Member(key()), items: vec![ItemId(5)] }
}
