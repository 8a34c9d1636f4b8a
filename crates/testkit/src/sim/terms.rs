//! What the small world offers beside places: its promotions, ways of delivery and insurances. Who offers them is the stage's.

use aforo_domain::catalogue::manage::PromotionSpec;
use aforo_domain::identity::Status;
use aforo_domain::identity::terms::{DeliveryKind, DeliveryMethod, Insurance, Premium};
use aforo_domain::ids::{DeliveryMethodId, EntityId, InsuranceId, PromotionId, SessionId};
use aforo_domain::money::Percent;
use aforo_domain::promotions::{Conditions, Limits, PromotionCode, PromotionKind, Reduction, Scope};
use aforo_domain::taxes::TaxSpec;

use super::stage::{CODE, FANS, FRIENDS, SALE_MS, euro};

/// A premium of a share of the price.
pub const SHARE: Premium = Premium::Share { percent: Percent(33_333), min: 10, max: Some(180) };

/// Comes by itself with the second session's items, as long as there are uses.
pub const BY_ITSELF: PromotionId = PromotionId(1);
/// May be chosen for any item, so many times.
pub const CHOSEN: PromotionId = PromotionId(2);
/// Needs [`CODE`], which is good for so many orders.
pub const CODED: PromotionId = PromotionId(3);
/// May be chosen by who knows the code of [`FANS`], and with each code so many times.
pub const OF_FANS: PromotionId = PromotionId(4);
/// Comes by itself to who is of [`FRIENDS`].
pub const OF_FRIENDS: PromotionId = PromotionId(5);
/// How often each of them may be used.
pub const USES: u32 = 2;

/// The promotions of the small world.
pub fn promotions(session: SessionId) -> [(PromotionId, PromotionSpec); 5] {
    let usual = PromotionSpec {
        entity: Some(EntityId(1)),
        status: Status::Active,
        name: "Spring".to_owned(),
        names: Default::default(),
        descriptions: Default::default(),
        kind: PromotionKind::Discount,
        scope: Scope::Item,
        reduction: Reduction::Percentage(Percent(333_333)),
        priority: 1,
        stackable: false,
        window: None,
        conditions: Conditions::default(),
        limits: Limits { total: Some(USES), returned_on_refund: true, ..Limits::default() },
        codes: Default::default(),
    };
    let only = Conditions { sessions: vec![session], min_items: 2, ..Conditions::default() };
    let by_itself = PromotionSpec { kind: PromotionKind::Automatic, conditions: only, ..usual.clone() };
    let fixed = Reduction::Fixed { currency: euro(), amount: 1_001 };
    let chosen = PromotionSpec { reduction: fixed, stackable: true, ..usual.clone() };
    let codes = PromotionCode::parse(CODE).map(|code| (code, Some(USES))).into_iter().collect();
    let bound = |id| Conditions { collective: Some(id), ..Conditions::default() };
    let limits = Limits { per_member: Some(USES), ..Limits::default() };
    let of_fans = PromotionSpec { stackable: true, conditions: bound(FANS), limits, ..usual.clone() };
    let of_friends =
        PromotionSpec { kind: PromotionKind::Automatic, conditions: bound(FRIENDS), limits: Limits::default(), ..usual.clone() };
    let coded = PromotionSpec { scope: Scope::Order, limits: Limits::default(), codes, ..usual };
    [(BY_ITSELF, by_itself), (CHOSEN, chosen), (CODED, coded), (OF_FANS, of_fans), (OF_FRIENDS, of_friends)]
}

/// A way of delivery.
pub fn delivery(id: u64, cost: i64) -> DeliveryMethod<TaxSpec> {
    DeliveryMethod {
        id: DeliveryMethodId(id),
        kind: DeliveryKind::Post,
        name: "Post".to_owned(),
        names: Default::default(),
        cost,
        before_ms: SALE_MS - 30 * 60_000,
        tax: Some(TaxSpec { id: None, name: "IVA 21%".to_owned(), percent: Percent(210_000) }),
    }
}

/// An insurance.
pub fn insurance(id: u64, premium: Premium) -> Insurance<TaxSpec> {
    let (name, names) = ("Cancellation".to_owned(), Default::default());
    let (before_ms, tax) = (SALE_MS - 30 * 60_000, Some(TaxSpec { id: None, name: "IPS 8%".to_owned(), percent: Percent(80_000) }));
    Insurance { id: InsuranceId(id), name, names, premium, terms_url: None, events: Vec::new(), before_ms, tax }
}
