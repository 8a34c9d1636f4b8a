//! Any mix of what an order can cost: places of sessions and seasons, products, promotions for all and for a club's members, taxes, surcharges,
//! insurances, delivery and vouchers, in currencies of 0, 2 and 3 decimals. Totals are the sum of their parts, the order of calls does not matter, and
//! what is taken back costs nothing. The laws are checked after every command.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aforo_domain::catalogue::manage::{
    CatalogueCommand, CollectiveCommand, CollectiveSpec, Issue, Target, VoucherCommand, VoucherGroupSpec,
};
use aforo_domain::catalogue::{Event, Tax};
use aforo_domain::collectives::{Check, UseLimits};
use aforo_domain::command::{Command, OrderCommand, ProductRequest};
use aforo_domain::identity::check::Actor;
use aforo_domain::identity::terms::{DeliveryKind, DeliveryMethod, Insurance, Premium};
use aforo_domain::identity::{Status, Surcharge};
use aforo_domain::ids::{
    CollectiveId, DeliveryMethodId, EntityId, EventId, InsuranceId, ItemId, OrderId, ProductId, PromotionId, RateId, SessionId, TaxId,
    VoucherGroupId,
};
use aforo_domain::money::{Currency, Minor, Percent};
use aforo_domain::orders::collectives::Shown;
use aforo_domain::orders::promotions::PromotionRequest;
use aforo_domain::orders::{Item, Order, Spot, surcharges};
use aforo_domain::pricing::{self, ItemPrice, Taxed, Totals};
use aforo_domain::products::{OnlyWith, Product, ProductLimits};
use aforo_domain::promotions::{Conditions, Limits, Promotion, PromotionCode, PromotionKind, Reduction, Scope, Terms};
use aforo_domain::vouchers::ShownVoucher;
use aforo_testkit::world::{ADULT, CHILD, FLOOR, GALA, MATINEE, SEASON, STALLS, Shard, WEB};
use proptest::prelude::*;

use crate::{at_rate, auto, buyer, new_order, pay_all};

/// What is on sale, and what can come on top of it.
#[derive(Debug, Clone)]
struct House {
    currency: Currency,
    /// Of stalls for adults and children, and of the floor.
    prices: [Minor; 3],
    ticket_taxes: Vec<Tax>,
    surcharge_taxes: Vec<Tax>,
    promoter: Vec<Surcharge>,
    channel: Vec<Surcharge>,
    promotions: Vec<Promotion>,
    delivery: DeliveryMethod,
    insurances: Vec<Insurance>,
    vouchers: Vec<Minor>,
    products: Vec<Product>,
    /// Whether the matinee is of another promoter's event.
    two_promoters: bool,
}

/// Two seats side by side, apart from all other pairs; the last "pair" is a place on the floor.
type Pair = (SessionId, u64);
const LAST_PAIR: u64 = 9;

/// One call, on seats or choices of its own, so that calls may come in any order.
#[derive(Debug, Clone)]
enum Call {
    /// Adds a pair at a rate, and gives the second seat another one.
    Add(Pair, RateId, RateId),
    Deliver,
    /// For some seats.
    Insure(InsuranceId, Vec<(Pair, bool)>),
    /// On some seats, if it is of seats.
    Promote(PromotionId, Vec<(Pair, bool)>),
    Pay(u64),
    /// So many units, if what they go with is there.
    Buy(ProductId, u32),
    /// Shows the club's code, which opens what is bound to it.
    Join,
}

const GROUP: VoucherGroupId = VoucherGroupId(7);
const CLUB: CollectiveId = CollectiveId(7);

fn voucher(nth: u64) -> ShownVoucher {
    ShownVoucher::of(&format!("code {nth}"), None)
}

fn fan() -> PromotionCode {
    PromotionCode::parse("FAN").unwrap()
}

fn code(id: PromotionId) -> Option<PromotionCode> {
    PromotionCode::parse(&format!("CODE{id}"))
}

impl House {
    /// The small world with all this on sale, and no rule but that of money.
    fn open(&self) -> Shard {
        let mut shard = Shard::new();
        shard.edit_channel(WEB, |channel| {
            (channel.max_items, channel.currency) = (100, self.currency);
            (channel.surcharges, channel.insurances) = (self.channel.clone(), self.insurances.clone());
            channel.delivery_methods = vec![self.delivery.clone()];
        });
        let event = Event::clone(&shard.world.catalogue.events[&EventId(1)]);
        shard.put(Arc::new(Event { currency: self.currency, ..event.clone() }));
        shard.put(Arc::new(Event { id: EventId(9), entity: EntityId(2), currency: self.currency, ..event }));
        shard.season();
        for session in [GALA, MATINEE, SEASON] {
            let [adult, child, floor] = self.prices.map(|price| price + session.0 as i64 - 1);
            shard.edit_session(session, |session| {
                session.prices = [((STALLS, ADULT), adult), ((STALLS, CHILD), child), ((FLOOR, ADULT), floor)].into();
                (session.ticket_taxes, session.surcharge_taxes) = (self.ticket_taxes.clone(), self.surcharge_taxes.clone());
                session.surcharges = self.promoter.clone();
                if session.id == MATINEE && self.two_promoters {
                    session.event = EventId(9);
                }
            });
        }
        self.found_club(&mut shard);
        self.promotions.iter().for_each(|promotion| shard.put(Arc::new(promotion.clone())));
        self.products.iter().for_each(|product| shard.put(Arc::new(product.clone())));
        let group = VoucherGroupSpec {
            entity: Some(EntityId(1)),
            name: "Gift".to_owned(),
            names: BTreeMap::new(),
            currencies: vec![self.currency],
            channels: Vec::new(),
            events: Vec::new(),
            status: Status::Active,
            valid_from: None,
            valid_until: None,
            pins: false,
            collective: None,
        };
        let mut ask = |command| shard.run(&Actor::System, &Command::Catalogue(CatalogueCommand::Vouchers(command))).unwrap();
        ask(VoucherCommand::SaveGroup(Target::New(Some(GROUP)), group));
        for (nth, amount) in (0..).zip(&self.vouchers) {
            let (currency, vouchers) = (self.currency, vec![(voucher(nth), "****".to_owned())]);
            ask(VoucherCommand::Issue(Issue { group: GROUP, amount: *amount, currency, expires: None, vouchers }));
        }
        shard
    }

    fn found_club(&self, shard: &mut Shard) {
        let spec = CollectiveSpec {
            entity: Some(EntityId(1)),
            name: "Club".to_owned(),
            names: BTreeMap::new(),
            check: Check::Code([(fan(), None)].into()),
            status: Status::Active,
            valid_from: None,
            valid_until: None,
            channels: Vec::new(),
            limits: UseLimits::default(),
        };
        let command = CollectiveCommand::Save(Target::New(Some(CLUB)), Box::new(spec));
        shard.run(&Actor::System, &Command::Catalogue(CatalogueCommand::Collectives(command))).unwrap();
    }
}

impl Call {
    /// Makes it. `false` if it cannot be made yet: an item that it names, or enough of them, are still to come.
    fn run(&self, shard: &mut Shard, order: OrderId) -> bool {
        let web = Shard::channel(WEB);
        let before = shard.order(&web, OrderCommand::Read(order));
        let items = |named: &[(Pair, bool)]| named.iter().map(|seat| item(&before, *seat).map(|item| item.id)).collect::<Option<Vec<_>>>();
        let command = match self {
            Self::Add((session, LAST_PAIR), ..) => auto(order, *session, FLOOR, 1),
            Self::Add((session, pair), rate, then) => {
                shard.order(&web, at_rate(order, *session, &[2 * pair, 2 * pair + 1], Some(*rate)));
                let second = shard.order(&web, OrderCommand::Read(order)).items.last().unwrap().id;
                OrderCommand::SetRate(order, second, *then)
            }
            Self::Deliver => OrderCommand::SetDelivery(order, DeliveryMethodId(1)),
            Self::Insure(id, named) => match items(named) {
                Some(named) => OrderCommand::Insure(order, *id, Some(named)),
                None => return false,
            },
            Self::Promote(id, named) => {
                let of_order = shard.world.catalogue.promotions[id].terms.scope == Scope::Order;
                match items(named).map(|named| (!of_order).then_some(named)) {
                    Some(items) => OrderCommand::Promote(order, PromotionRequest { id: *id, items, code: code(*id) }),
                    None => return false,
                }
            }
            Self::Pay(nth) => OrderCommand::AddVoucher(order, voucher(*nth)),
            Self::Buy(id, quantity) => OrderCommand::AddProducts(order, vec![ProductRequest { id: *id, quantity: *quantity }]),
            Self::Join => OrderCommand::AddCollective(order, CLUB, Shown::Code(fan())),
        };
        let made = shard.try_order(&web, command);
        assert!(made.is_ok() || matches!(self, Self::Promote(..) | Self::Buy(..)), "{self:?}: {made:?}");
        made.is_ok()
    }

    /// What takes it back again; `None` for a delivery, of which there always is one once it was chosen.
    fn back(&self, made: &Order) -> Option<OrderCommand> {
        let (order, items) = (made.id, &made.items);
        Some(match self {
            Self::Add(pair, ..) => {
                let seats = [(*pair, false), (*pair, true)];
                let ids: BTreeSet<_> =
                    items.iter().filter(|item| seats.iter().any(|seat| is_at(item, *seat))).map(|item| item.id).collect();
                OrderCommand::RemoveItems(order, ids.into_iter().collect())
            }
            Self::Deliver => return None,
            Self::Insure(id, _) => OrderCommand::DropInsurance(order, Some(*id)),
            Self::Promote(id, _) => OrderCommand::DropPromotion(order, *id),
            Self::Pay(nth) => OrderCommand::RemoveVoucher(order, GROUP.voucher(nth + 1)),
            Self::Buy(id, _) => {
                let units = made.extras().products.iter().filter(|unit| unit.terms.product == *id).map(|unit| unit.id);
                OrderCommand::RemoveItems(order, units.collect())
            }
            Self::Join => OrderCommand::DropCollective(order, CLUB),
        })
    }
}

/// Whether an item is the first or the second seat of a pair.
fn is_at(item: &Item, ((session, pair), second): (Pair, bool)) -> bool {
    let spot = match item.spot {
        Spot::Zone(_) => pair == LAST_PAIR,
        Spot::Seat(seat) => pair != LAST_PAIR && seat == Shard::seat(2 * pair + u64::from(second)),
    };
    item.session == session && spot
}

fn item(order: &Order, seat: (Pair, bool)) -> Option<&Item> {
    order.items.iter().find(|item| is_at(item, seat))
}

/// Makes all calls that can be made, those that cannot yet be made later again; the order as it is then.
fn run_all(shard: &mut Shard, order: OrderId, calls: &[Call]) -> Arc<Order> {
    let mut left: Vec<_> = calls.iter().collect();
    loop {
        let before = left.len();
        left.retain(|call| !call.run(shard, order));
        if left.len() == before {
            return shard.order(&Shard::channel(WEB), OrderCommand::Read(order));
        }
    }
}

/// What an order comes to, without what follows the order of calls: ids, and which voucher pays first.
#[derive(Debug, PartialEq)]
struct Picture {
    totals: Totals,
    items: BTreeMap<(SessionId, u32), (RateId, ItemPrice)>,
    surcharges: Vec<(Taxed, Minor)>,
    premiums: BTreeMap<(InsuranceId, SessionId, u32), Minor>,
    taxes: BTreeMap<(TaxId, Taxed), Minor>,
    products: BTreeMap<ProductId, Vec<Minor>>,
}

impl Picture {
    fn of(order: &Order) -> Self {
        let spot = |id: ItemId| order.items.iter().find(|item| item.id == id).map(|item| (item.session, item.place)).unwrap();
        let premiums =
            order.extras().insurances.iter().flat_map(|taken| taken.items.iter().map(|(id, premium)| (taken.insurance.id, *id, *premium)));
        let mut taxes = BTreeMap::new();
        order.tax_lines().for_each(|line| *taxes.entry((line.tax, line.taxed)).or_default() += line.amount);
        let mut products: BTreeMap<_, Vec<_>> = BTreeMap::new();
        order.extras().products.iter().for_each(|unit| products.entry(unit.terms.product).or_default().push(unit.terms.price));
        Self {
            products,
            totals: order.totals(),
            items: order.items.iter().map(|item| (spot(item.id), (item.rate, ItemPrice::clone(&item.price)))).collect(),
            surcharges: surcharges::charged(&order.surcharges).map(|line| (line.taxed, line.amount)).collect(),
            premiums: premiums.map(|(insurance, id, premium)| ((insurance, spot(id).0, spot(id).1), premium)).collect(),
            taxes,
        }
    }
}

/// Amounts, the small ones often: they are what rounding shows in.
fn amount() -> impl Strategy<Value = Minor> {
    prop_oneof![0_i64..40, 40_i64..20_000]
}

fn taxes(first: u64) -> impl Strategy<Value = Vec<Tax>> {
    let tax = |(id, percent): (u64, i64)| Tax { id: TaxId(id), name: format!("Tax {id}"), percent: Percent(percent) };
    prop::collection::vec(1_i64..300_000, 0..3).prop_map(move |percents| (first..).zip(percents).map(tax).collect())
}

fn tax(id: u64) -> impl Strategy<Value = Option<Tax>> {
    prop::option::of((1_i64..300_000).prop_map(move |percent| Tax { id: TaxId(id), name: format!("Tax {id}"), percent: Percent(percent) }))
}

fn surcharges() -> impl Strategy<Value = Vec<Surcharge>> {
    let share = (0_i64..300_000, 0_i64..50, prop::option::of(50_i64..500));
    let share = share.prop_map(|(percent, min, max)| Surcharge::PercentOfBase { percent: Percent(percent), min, max });
    let one = prop_oneof![(0_i64..500).prop_map(Surcharge::PerTicket), (0_i64..500).prop_map(Surcharge::PerOrder), share];
    prop::collection::vec(one, 0..3)
}

fn insurance(id: u64) -> BoxedStrategy<Insurance> {
    let share = (0_i64..300_000, 0_i64..50).prop_map(|(percent, min)| Premium::Share { percent: Percent(percent), min, max: Some(900) });
    let premium = prop_oneof![(0_i64..500).prop_map(Premium::Fixed), share];
    (premium, tax(20 + id))
        .prop_map(move |(premium, tax)| Insurance {
            id: InsuranceId(id),
            name: "Cancellation".to_owned(),
            names: BTreeMap::new(),
            premium,
            terms_url: None,
            events: Vec::new(),
            before_ms: 0,
            tax,
        })
        .boxed()
}

fn delivery() -> impl Strategy<Value = DeliveryMethod> {
    (amount(), tax(30)).prop_map(|(cost, tax)| {
        let (name, names) = ("Post".to_owned(), BTreeMap::new());
        DeliveryMethod { id: DeliveryMethodId(1), kind: DeliveryKind::Post, name, names, cost, before_ms: 0, tax }
    })
}

/// One goes with places of the gala alone, in sessions of its own or in a season that covers it.
fn product(id: u64, currency: Currency) -> BoxedStrategy<Product> {
    (amount(), taxes(40 + 10 * id), any::<bool>())
        .prop_map(move |(price, taxes, bound)| Product {
            id: ProductId(id),
            entity: EntityId(1),
            name: format!("Product {id}"),
            names: BTreeMap::new(),
            descriptions: BTreeMap::new(),
            images: BTreeMap::new(),
            status: Status::Active,
            prices: [(currency, price)].into(),
            taxes,
            channels: vec![WEB],
            sale: None,
            only_with: OnlyWith { events: Vec::new(), sessions: if bound { vec![GALA] } else { Vec::new() } },
            limits: ProductLimits { stock: Some(5), per_order: Some(3) },
            version: 1,
        })
        .boxed()
}

/// Of those that are chosen only one may be not stackable: of two, who was there first has the item.
fn promotion(id: u64, currency: Currency) -> BoxedStrategy<Promotion> {
    let reduction = prop_oneof![
        (1_i64..1_000_000).prop_map(|share| Reduction::Percentage(Percent(share))),
        amount().prop_map(move |amount| Reduction::Fixed { currency, amount: amount + 1 }),
    ];
    let rates = prop::sample::select(vec![vec![], vec![], vec![ADULT], vec![CHILD]]);
    let sessions = prop::sample::select(vec![vec![], vec![], vec![GALA], vec![MATINEE], vec![SEASON]]);
    let limit = || prop::option::of(1_u32..5);
    let kind =
        prop::sample::select(vec![PromotionKind::Automatic, PromotionKind::Automatic, PromotionKind::Discount, PromotionKind::Promotion]);
    let scope = prop::sample::select(vec![Scope::Item, Scope::Item, Scope::Order]);
    let parts = (kind, scope, reduction, 0_u32..3, any::<bool>(), (rates, sessions, 0_u32..4), limit(), limit(), any::<bool>());
    parts
        .prop_map(move |(kind, scope, reduction, priority, stackable, (rates, sessions, min_items), total, per_order, coded)| {
            let needs_code = coded && kind != PromotionKind::Automatic;
            let terms = Terms {
                id: PromotionId(id),
                entity: EntityId(1),
                name: format!("Promotion {id}"),
                names: BTreeMap::new(),
                kind,
                needs_code,
                scope,
                reduction,
                priority,
                stackable: stackable || (kind != PromotionKind::Automatic && id != 1),
                window: None,
                conditions: Conditions { rates, sessions, min_items, ..Conditions::default() },
                limits: Limits { total, per_order, ..Limits::default() },
            };
            let codes = code(terms.id).filter(|_| needs_code).map(|code| (code, None)).into_iter().collect();
            Promotion { id: terms.id, status: Status::Active, terms: Arc::new(terms), descriptions: BTreeMap::new(), codes, version: 1 }
        })
        .boxed()
}

/// The last one is bound to the club. One that comes by itself may come late so, and all are stackable: of two that are not, who was there first has the
/// item.
fn with_club(mut promotions: Vec<Promotion>) -> Vec<Promotion> {
    let is_automatic = promotions.last().is_some_and(|last| last.terms.is_automatic());
    let last = promotions.len() - 1;
    for (nth, promotion) in promotions.iter_mut().enumerate() {
        let terms = Arc::make_mut(&mut promotion.terms);
        terms.stackable |= is_automatic;
        terms.conditions.collective = (nth == last).then_some(CLUB);
    }
    promotions
}

fn house() -> BoxedStrategy<House> {
    let currency = prop::sample::select(vec!["JPY", "EUR", "KWD"]).prop_map(|code| Currency::parse(code).unwrap());
    currency
        .prop_flat_map(|currency| {
            let promotions = [1, 2, 3, 4, 5].map(|id| promotion(id, currency));
            let parts = (
                [amount(), amount(), amount()],
                (taxes(1), taxes(10)),
                (surcharges(), surcharges()),
                promotions,
                delivery(),
                [insurance(1), insurance(2)],
                (prop::collection::vec(1_i64..9_000, 0..3), [product(1, currency), product(2, currency)]),
                any::<bool>(),
                any::<bool>(),
            );
            parts.prop_map(
                move |(prices, taxes, surcharges, promotions, delivery, insurances, (vouchers, products), two_promoters, club)| House {
                    currency,
                    prices,
                    ticket_taxes: taxes.0,
                    surcharge_taxes: taxes.1,
                    promoter: surcharges.0,
                    channel: surcharges.1,
                    promotions: if club { with_club(promotions.into()) } else { promotions.into() },
                    delivery,
                    insurances: insurances.into(),
                    vouchers,
                    products: products.into(),
                    two_promoters,
                },
            )
        })
        .boxed()
}

/// Places of the season are others than those in its sessions, also where they are picked automatically: there the first call has the first place.
fn without_doubles(mut pairs: BTreeMap<Pair, (RateId, RateId)>) -> BTreeMap<Pair, (RateId, RateId)> {
    let in_sessions: BTreeSet<_> = pairs.keys().filter(|(session, _)| *session != SEASON).map(|(_, pair)| *pair).collect();
    pairs.retain(|(session, pair), _| *session != SEASON || !in_sessions.contains(pair));
    pairs
}

/// Calls that all concern different things, the items first.
fn calls(house: &House) -> BoxedStrategy<Vec<Call>> {
    let rate = || prop::sample::select(vec![ADULT, CHILD]);
    let pairs = prop::collection::btree_map((prop::sample::select(vec![GALA, MATINEE, SEASON]), 0..=LAST_PAIR), (rate(), rate()), 1..6)
        .prop_map(without_doubles);
    let chosen = house.promotions.iter().filter(|promotion| !promotion.terms.is_automatic()).map(|promotion| promotion.id);
    let (chosen, vouchers) = (chosen.collect::<Vec<_>>(), house.vouchers.len() as u64);
    (pairs, prop::collection::vec(any::<u16>(), 2 + chosen.len()), any::<bool>(), any::<bool>(), [0_u32..4, 0_u32..4])
        .prop_map(move |(pairs, masks, delivers, joins, quantities)| {
            let both = |(pair, _): (&Pair, _)| [(*pair, false), (*pair, true)].into_iter().take(if pair.1 == LAST_PAIR { 1 } else { 2 });
            let seats: Vec<_> = pairs.iter().flat_map(both).collect();
            // At least one.
            let some = |mask: u16| {
                let named: Vec<_> = (0..).zip(&seats).filter(|(bit, _)| mask >> bit & 1 == 1).map(|(_, seat)| *seat).collect();
                if named.is_empty() { seats[..1].to_vec() } else { named }
            };
            let mut calls: Vec<_> = pairs.iter().map(|(pair, (rate, then))| Call::Add(*pair, *rate, *then)).collect();
            calls.extend(delivers.then_some(Call::Deliver));
            calls.extend(joins.then_some(Call::Join));
            calls.extend(
                (1..).zip(quantities).filter(|(_, quantity)| *quantity > 0).map(|(id, quantity)| Call::Buy(ProductId(id), quantity)),
            );
            calls.extend([1, 2].map(|id| Call::Insure(InsuranceId(id), some(masks[id as usize - 1]))));
            calls.extend(chosen.iter().zip(&masks[2..]).map(|(id, mask)| Call::Promote(*id, some(*mask))));
            calls.extend((0..vouchers).map(Call::Pay));
            calls
        })
        .boxed()
}

/// Strategies this large go into boxes: side by side they overflow the stack.
fn mixes() -> BoxedStrategy<(House, Vec<Call>)> {
    house().prop_flat_map(|house| (calls(&house), Just(house)).prop_map(|(calls, house)| (house, calls))).boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn totals_are_the_sum_of_any_parts_and_can_be_paid((house, calls) in mixes()) {
        let mut shard = house.open();
        let web = Shard::channel(WEB);
        let order = new_order(&mut shard, &web);
        let filled = run_all(&mut shard, order, &calls);
        let totals = filled.totals();
        let items: Minor = filled.items.iter().map(|item| item.price.total()).sum();
        let per_order: Minor = surcharges::charged(&filled.surcharges).map(|line| line.amount).sum();
        let extras = filled.extras();
        let premiums: Vec<_> = extras.insurances.iter().flat_map(|taken| taken.items.iter().map(|(_, premium)| (&taken.insurance, *premium))).collect();
        let insured: Minor = premiums.iter().map(|(_, premium)| premium).sum();
        let products: Minor = extras.products.iter().map(|unit| unit.terms.price).sum();
        let delivery = extras.delivery.as_ref().map_or(0, |method| method.cost);
        prop_assert_eq!(totals.total(), items + products + per_order + insured + delivery);
        prop_assert_eq!(totals.total(), totals.base - totals.promotions + totals.surcharges + totals.insurance + totals.delivery);
        prop_assert!(filled.items.iter().all(|item| item.price.reduced() >= 0));
        for item in &filled.items {
            let shares: Option<Minor> = item.season.as_ref().map(|shares| shares.iter().map(|share| share.amount).sum());
            prop_assert_eq!(shares, (item.session == SEASON).then_some(item.price.reduced()));
        }
        // What pays is what there is, and no more than the total.
        let available: Minor = extras.vouchers.iter().map(|taken| taken.available).sum();
        prop_assert_eq!(totals.vouchers, available.min(totals.total()));
        // Each price is its taxes and what is left without them.
        for (insurance, premium) in premiums {
            prop_assert!(pricing::closes(premium, insurance.tax_lines(premium).iter()));
        }
        prop_assert!(extras.products.iter().all(|unit| pricing::closes(unit.terms.price, unit.terms.taxes.iter())));
        prop_assert!(extras.delivery.iter().all(|method| pricing::closes(method.cost, method.tax_lines().iter())));
        prop_assert!(filled.tax_lines().all(|line| line.amount >= 0));

        shard.order(&web, buyer(order, "ada@example.org"));
        let accepted = shard.order(&web, OrderCommand::PreConfirm(order));
        prop_assert_eq!(accepted.totals(), totals);
        let sold = shard.order(&web, if totals.to_pay() == 0 { OrderCommand::Confirm(order, Vec::new()) } else { pay_all(&accepted) });
        prop_assert_eq!(Picture::of(&sold), Picture::of(&filled));
    }

    #[test]
    fn any_order_of_any_calls_gives_the_same_prices(
        (house, calls, shuffled) in mixes().prop_flat_map(|(house, calls)| (Just(house), Just(calls.clone()), Just(calls).prop_shuffle())).boxed(),
    ) {
        let outcome = |calls: &[Call]| {
            let mut shard = house.open();
            let order = new_order(&mut shard, &Shard::channel(WEB));
            Picture::of(&run_all(&mut shard, order, calls))
        };
        prop_assert_eq!(outcome(&calls), outcome(&shuffled));
    }

    #[test]
    fn whatever_is_taken_back_gives_the_former_order_back((house, calls) in mixes().prop_flat_map(|(house, calls)| (Just(house), Just(calls).prop_shuffle())).boxed()) {
        let mut shard = house.open();
        let web = Shard::channel(WEB);
        let order = new_order(&mut shard, &web);
        for call in &calls {
            let before = shard.order(&web, OrderCommand::Read(order));
            if !call.run(&mut shard, order) {
                continue;
            }
            let after = shard.order(&web, OrderCommand::Read(order));
            let Some(back) = call.back(&after) else { continue };
            let again = shard.order(&web, back);
            prop_assert_eq!(again.totals(), before.totals());
            prop_assert_eq!((&again.items, &again.surcharges, &again.extras), (&before.items, &before.surcharges, &before.extras));
            prop_assert!(call.run(&mut shard, order), "and it can be made again");
        }
    }
}
