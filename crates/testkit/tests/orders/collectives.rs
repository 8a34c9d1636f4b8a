//! Collectives: who is let in, what they open, and how much of it. The laws are checked after every command.

use std::sync::Arc;

use aforo_domain::catalogue::manage::{CatalogueCommand, CollectiveCommand, CollectiveSpec, MemberSpec, MembersImported, Target};
use aforo_domain::catalogue::{Access, Presale};
use aforo_domain::change::CounterKey;
use aforo_domain::collectives::{Check, Collective, MemberKey, PasswordHash, UseLimits};
use aforo_domain::command::{Command, OrderCommand, Reply};
use aforo_domain::error::{Code, Error};
use aforo_domain::identity::Status;
use aforo_domain::identity::check::Actor;
use aforo_domain::ids::{CollectiveId, EntityId, OrderId, PromotionId};
use aforo_domain::moment::Window;
use aforo_domain::orders::collectives::{Proof, Shown};
use aforo_domain::promotions::{PromotionCode, Scope, Terms};
use aforo_testkit::world::{FLOOR, GALA, MATINEE, NOW, PARTNER, Shard, WEB};
use proptest::prelude::*;

use super::promotions::{automatic, choose, choose_on, delete, give_back, off, promotion, put, uses};
use crate::{auto, begun, buyer, named, new_order, pay_all, seats};

const CLUB: CollectiveId = CollectiveId(7);
const MINUTE: i64 = 60_000;

fn save(shard: &mut Shard, id: CollectiveId, check: Check, limits: UseLimits) {
    let spec = CollectiveSpec {
        entity: Some(EntityId(1)),
        name: "Club".to_owned(),
        names: Default::default(),
        check,
        status: Status::Active,
        valid_from: None,
        valid_until: None,
        channels: Vec::new(),
        limits,
    };
    ask(shard, CollectiveCommand::Save(Target::New(Some(id)), Box::new(spec))).unwrap();
}

fn edit(shard: &mut Shard, id: CollectiveId, edit: impl FnOnce(&mut Collective)) {
    let mut collective = Collective::clone(&shard.world.catalogue.collectives[&id]);
    edit(&mut collective);
    shard.put(Arc::new(collective));
}

fn ask(shard: &mut Shard, command: CollectiveCommand) -> Result<Reply, Error> {
    shard.run(&Actor::System, &Command::Catalogue(CatalogueCommand::Collectives(command)))
}

fn key(member: &str) -> MemberKey {
    MemberKey::of(CLUB, member).unwrap()
}

fn hash(password: &str) -> PasswordHash {
    PasswordHash(format!("hash of {password}"))
}

fn spec(member: &str, password: Option<&str>) -> MemberSpec {
    MemberSpec { key: key(member), name: None, password: password.map(hash), active: true, valid_from: None, valid_until: None }
}

fn add(shard: &mut Shard, member: &str) {
    ask(shard, CollectiveCommand::AddMember(CLUB, Box::new(spec(member, None)))).unwrap();
}

/// A club of three members with these limits.
fn club(total: Option<u32>, per_member: Option<u32>) -> (Shard, Actor, OrderId) {
    let (mut shard, web, order) = begun();
    save(&mut shard, CLUB, Check::Member, UseLimits { total, per_member });
    ["ada-1", "bob-2", "eve-3"].into_iter().for_each(|member| add(&mut shard, member));
    (shard, web, order)
}

fn show(order: OrderId, member: &str) -> OrderCommand {
    OrderCommand::AddCollective(order, CLUB, Shown::Member(key(member), None))
}

fn show_code(order: OrderId, code: &str) -> OrderCommand {
    OrderCommand::AddCollective(order, CLUB, Shown::Code(PromotionCode::parse(code).unwrap()))
}

fn leave(order: OrderId) -> OrderCommand {
    OrderCommand::DropCollective(order, CLUB)
}

fn bound(terms: &mut Terms) {
    terms.conditions.collective = Some(CLUB);
}

fn bound_automatic(terms: &mut Terms) {
    automatic(terms);
    bound(terms);
}

fn opened(shard: &Shard) -> i64 {
    shard.world.counter(&CounterKey::CollectiveUses(CLUB))
}

fn opened_to(shard: &Shard, member: &str) -> i64 {
    shard.world.counter(&CounterKey::MemberUses(CLUB, key(member).hash))
}

#[test]
fn what_comes_by_itself_comes_and_goes_with_the_collective() {
    let (mut shard, web, order) = club(None, None);
    put(&mut shard, promotion(1, bound_automatic));
    let before = shard.order(&web, seats(order, GALA, &[4, 5]));
    assert_eq!((off(&before), uses(&shard, 1)), (vec![0, 0], 0));
    let after = shard.order(&web, show(order, "ADA-1"));
    assert_eq!((off(&after), uses(&shard, 1), opened(&shard), opened_to(&shard, "ada-1")), (vec![500, 500], 2, 2, 2));
    let more = shard.order(&web, seats(order, GALA, &[6]));
    assert_eq!((off(&more), opened(&shard)), (vec![500; 3], 3));
    let without = shard.order(&web, leave(order));
    assert_eq!((off(&without), uses(&shard, 1), opened(&shard), &without.extras), (vec![0; 3], 0, 0, &None));
    assert_eq!(shard.refused(&web, leave(order)), Code::OrderCollectiveNotFound);
    // It is remembered as sold, and what is over gives back.
    shard.order(&web, show(order, "bob-2"));
    shard.order(&web, buyer(order, "ada@example.org"));
    let accepted = shard.order(&web, OrderCommand::PreConfirm(order));
    shard.order(&web, pay_all(&accepted));
    let other = new_order(&mut shard, &web);
    shard.order(&web, show(other, "eve-3"));
    shard.order(&web, seats(other, GALA, &[14]));
    assert_eq!((opened(&shard), opened_to(&shard, "bob-2"), opened_to(&shard, "eve-3")), (4, 3, 1));
    shard.pass(3_600_000);
    shard.tick();
    assert_eq!((opened(&shard), opened_to(&shard, "eve-3")), (3, 0));
    assert_eq!(shard.recovered().counter(&CounterKey::CollectiveUses(CLUB)), 3);
}

#[test]
fn a_promotion_is_chosen_by_who_is_of_its_collective() {
    let (mut shard, web, order) = club(None, None);
    put(&mut shard, promotion(1, bound));
    shard.order(&web, seats(order, GALA, &[4, 5]));
    assert_eq!(shard.refused(&web, choose(order, 1)), Code::OrderInvalidPromotion);
    shard.order(&web, show(order, "ada-1"));
    let chosen = shard.order(&web, choose(order, 1));
    assert_eq!(off(&chosen), [500, 500]);
    // Once it is over, what the order has it keeps, and nothing more is to be had.
    edit(&mut shard, CLUB, |club| club.status = Status::Inactive);
    assert_eq!(off(&shard.order(&web, seats(order, GALA, &[6, 7]))), [500, 500, 0, 0]);
    assert_eq!(shard.refused(&web, choose(order, 1)), Code::OrderInvalidPromotion);
    assert_eq!(off(&shard.order(&web, leave(order))), [0; 4]);
    assert_eq!(shard.refused(&web, show(order, "ada-1")), Code::OrderCollectiveNotFound);
}

#[test]
fn a_use_is_an_item_however_much_was_opened_for_it() {
    let (mut shard, web, order) = club(None, Some(2));
    put(&mut shard, promotion(1, bound));
    put(&mut shard, promotion(2, bound_automatic));
    put(&mut shard, promotion(3, |terms| (terms.scope, terms.conditions.collective) = (Scope::Order, Some(CLUB))));
    let items: Vec<_> = shard.order(&web, seats(order, GALA, &[4, 5, 6, 7])).items.iter().map(|item| item.id).collect();
    let shown = shard.order(&web, show(order, "ada-1"));
    assert_eq!((off(&shown), opened(&shard)), (vec![500, 500, 0, 0], 2), "by themselves as far as there are uses");
    assert_eq!(shard.refused(&web, choose(order, 1)), Code::OrderCollectiveLimitExceeded);
    assert_eq!(shard.refused(&web, choose_on(order, 1, &items[2..])), Code::OrderCollectiveLimitExceeded);
    assert_eq!(shard.refused(&web, choose(order, 3)), Code::OrderCollectiveLimitExceeded);
    let both = shard.order(&web, choose_on(order, 1, &items[..2]));
    assert_eq!((off(&both), opened(&shard)), (vec![950, 950, 0, 0], 2));
    let fewer = shard.order(&web, OrderCommand::RemoveItems(order, items[..1].to_vec()));
    assert_eq!((off(&fewer), opened(&shard)), (vec![950, 500, 0], 2), "the next one has the use");
    let again = shard.order(&web, choose_on(order, 1, &items[1..3]));
    assert_eq!((again.items.len(), opened(&shard), opened_to(&shard, "ada-1")), (3, 2, 2));
    shard.order(&web, give_back(order, 1));
    assert_eq!(opened(&shard), 2, "the automatic one has the item by itself now");
}

#[test]
fn limits_are_the_members_and_all_of_theirs() {
    let (mut shard, web, order) = club(Some(3), Some(2));
    put(&mut shard, promotion(1, bound));
    let filled = |shard: &mut Shard, order, member: &str| {
        shard.order(&web, auto(order, GALA, FLOOR, 2));
        shard.try_order(&web, show(order, member)).map_err(|error| error.code)?;
        shard.try_order(&web, choose(order, 1)).map_err(|error| error.code)
    };
    filled(&mut shard, order, "ada-1").unwrap();
    let [same, next, last] = [(); 3].map(|()| new_order(&mut shard, &web));
    assert_eq!(filled(&mut shard, same, "ada-1").err(), Some(Code::OrderCollectiveLimitExceeded), "hers are spent");
    assert_eq!(filled(&mut shard, next, "bob-2").err(), Some(Code::OrderCollectiveLimitExceeded), "there is one left");
    assert!(shard.order(&web, OrderCommand::Read(next)).carries(CLUB), "who may have one is let in");
    let items = shard.order(&web, OrderCommand::Read(next)).items.iter().map(|item| item.id).collect::<Vec<_>>();
    shard.order(&web, choose_on(next, 1, &items[..1]));
    assert_eq!(filled(&mut shard, last, "eve-3").err(), Some(Code::OrderCollectiveLimitExceeded));
    delete(&mut shard, &web, order);
    filled(&mut shard, last, "eve-3").unwrap_err();
    let items = shard.order(&web, OrderCommand::Read(last)).items.iter().map(|item| item.id).collect::<Vec<_>>();
    shard.order(&web, choose_on(last, 1, &items[..2]));
    assert_eq!(opened(&shard), 3);
    // An order whose time is over counts no more, though no tick has released it.
    shard.pass(3_600_000);
    let order = new_order(&mut shard, &web);
    filled(&mut shard, order, "bob-2").unwrap();
}

#[test]
fn a_promotion_has_its_own_limit_for_each_member() {
    let (mut shard, web, order) = club(None, None);
    put(&mut shard, promotion(1, |terms| (terms.conditions.collective, terms.limits.per_member) = (Some(CLUB), Some(1))));
    put(
        &mut shard,
        promotion(2, |terms| {
            bound_automatic(terms);
            terms.limits.per_member = Some(1);
        }),
    );
    let items: Vec<_> = shard.order(&web, seats(order, GALA, &[4, 5, 6])).items.iter().map(|item| item.id).collect();
    assert_eq!(off(&shard.order(&web, show(order, "ada-1"))), [500, 0, 0]);
    assert_eq!(shard.refused(&web, choose(order, 1)), Code::OrderCollectiveLimitExceeded);
    assert_eq!(off(&shard.order(&web, choose_on(order, 1, &items[2..]))), [500, 0, 500]);
    let other = new_order(&mut shard, &web);
    shard.order(&web, seats(other, GALA, &[14]));
    assert_eq!(off(&shard.order(&web, show(other, "ADA-1"))), [0], "she had hers");
    // Somebody else takes her place, and has what is somebody else's.
    assert_eq!(off(&shard.order(&web, show(other, "bob-2"))), [500]);
    let used = |shard: &Shard, member| shard.world.counter(&CounterKey::PromotionMemberUses(PromotionId(2), key(member).hash));
    assert_eq!((used(&shard, "ada-1"), used(&shard, "bob-2")), (1, 1));
    assert_eq!(off(&shard.order(&web, show(order, "eve-3"))), [500, 0, 0], "what was chosen goes with who chose it");
    assert_eq!((used(&shard, "ada-1"), used(&shard, "eve-3")), (0, 1));
}

/// The gala is open to the club alone, for an hour.
fn guarded(shard: &mut Shard) {
    shard.edit_session(GALA, |session| session.sale.start = NOW.plus_ms(60 * MINUTE));
    let window = Window { start: NOW, end: NOW.plus_ms(30 * MINUTE) };
    let presale = Presale { name: "Club".to_owned(), window, access: Access::Collective(CLUB) };
    shard.edit_publication(GALA, WEB, |publication| publication.presales = vec![presale]);
}

#[test]
fn a_presale_is_open_to_its_collective() {
    let (mut shard, web, order) = club(Some(5), Some(3));
    guarded(&mut shard);
    put(&mut shard, promotion(1, bound_automatic));
    assert_eq!(shard.refused(&web, seats(order, GALA, &[4, 5])), Code::OrderSeatNotAvailable);
    shard.order(&web, show(order, "ada-1"));
    let filled = shard.order(&web, seats(order, GALA, &[4, 5]));
    assert_eq!((off(&filled), opened(&shard)), (vec![500, 500], 2), "once for presale and promotion");
    assert_eq!(shard.refused(&web, seats(order, GALA, &[6, 7])), Code::OrderCollectiveLimitExceeded);
    // What it opened is hers: it is not to be had by leaving.
    let refused = shard.try_order(&web, leave(order)).unwrap_err();
    assert_eq!((refused.code, named(&refused)), (Code::OrderItemInvalid, filled.items.iter().map(|item| item.id.0).collect()));
    assert_eq!(shard.refused(&web, show(order, "bob-2")), Code::OrderItemInvalid);
    let other = new_order(&mut shard, &web);
    shard.order(&web, show(other, "bob-2"));
    shard.order(&web, seats(other, GALA, &[6, 7, 8]));
    assert_eq!(opened(&shard), 5);
    let last = new_order(&mut shard, &web);
    assert_eq!(shard.refused(&web, show(last, "eve-3")), Code::OrderCollectiveLimitExceeded);
    // What is on sale to everybody takes no use.
    let open = shard.order(&web, seats(order, MATINEE, &[4]));
    assert_eq!((off(&open), opened(&shard)), (vec![500, 500, 0], 5));
    let items = open.items.iter().map(|item| item.id).collect();
    shard.order(&web, OrderCommand::RemoveItems(order, items));
    assert_eq!((opened(&shard), opened_to(&shard, "ada-1")), (3, 0));
    shard.order(&web, leave(order));
    shard.pass(30 * MINUTE);
    let late = new_order(&mut shard, &web);
    shard.order(&web, show(late, "ada-1"));
    assert_eq!(shard.refused(&web, seats(late, GALA, &[14])), Code::OrderSeatNotAvailable);
}

#[test]
fn codes_have_uses_of_their_own() {
    let (mut shard, web, order) = begun();
    let codes = [("FAN-1", Some(1)), ("FAN-2", None)].map(|(code, limit)| (PromotionCode::parse(code).unwrap(), limit));
    save(&mut shard, CLUB, Check::Code(codes.into_iter().collect()), UseLimits::default());
    put(&mut shard, promotion(1, bound_automatic));
    shard.order(&web, seats(order, GALA, &[4, 5]));
    assert_eq!(shard.refused(&web, show_code(order, "FAN-3")), Code::OrderInvalidCollective);
    assert_eq!(shard.refused(&web, show(order, "FAN-1")), Code::OrderInvalidCollective, "a code is shown, and no id");
    assert_eq!(off(&shard.order(&web, show_code(order, "fan-1"))), [500, 0]);
    let other = new_order(&mut shard, &web);
    assert_eq!(shard.refused(&web, show_code(other, "FAN-1")), Code::OrderCollectiveLimitExceeded);
    shard.order(&web, seats(other, GALA, &[6, 7]));
    assert_eq!(off(&shard.order(&web, show_code(other, "FAN-2"))), [500, 500]);
    assert_eq!(off(&shard.order(&web, show_code(order, "FAN-2"))), [500, 500], "another code in place of the first");
}

#[test]
fn a_password_proves_something_while_it_is_the_members() {
    let (mut shard, web, order) = begun();
    save(&mut shard, CLUB, Check::MemberPassword, UseLimits::default());
    assert_eq!(ask(&mut shard, CollectiveCommand::AddMember(CLUB, Box::new(spec("ada", None)))).unwrap_err().code, Code::Dist0006);
    ask(&mut shard, CollectiveCommand::AddMember(CLUB, Box::new(spec("ada", Some("secret"))))).unwrap();
    let with = |password: Option<&str>, right| {
        let proof = Some(Proof { hash: password.map(hash), right });
        OrderCommand::AddCollective(order, CLUB, Shown::Member(key("ada"), proof))
    };
    let asked = shard.run(&web, &Command::Order(OrderCommand::MemberPassword(order, CLUB, key("Ada")))).unwrap();
    assert_eq!(asked, Reply::MemberPassword(Some(hash("secret"))));
    assert!(!asked.is_kept());
    let asked = shard.run(&web, &Command::Order(OrderCommand::MemberPassword(order, CLUB, key("eve")))).unwrap();
    assert_eq!(asked, Reply::MemberPassword(None));
    for wrong in [with(None, true), with(None, false), with(Some("secret"), false), with(Some("another"), true), show(order, "ada")] {
        assert_eq!(shard.refused(&web, wrong), Code::OrderInvalidCollective);
    }
    shard.order(&web, with(Some("secret"), true));
    // It is changed while somebody compares the old one.
    let id = CLUB.member(1);
    ask(&mut shard, CollectiveCommand::ChangeMember(id, Some(1), Box::new(spec("ada", Some("new"))))).unwrap();
    let other = new_order(&mut shard, &web);
    let shown = |password| Shown::Member(key("ada"), Some(Proof { hash: Some(hash(password)), right: true }));
    assert_eq!(shard.refused(&web, OrderCommand::AddCollective(other, CLUB, shown("secret"))), Code::OrderInvalidCollective);
    // Five wrong tries in two orders.
    let slowed = shard.try_order(&web, OrderCommand::AddCollective(other, CLUB, shown("new"))).unwrap_err();
    assert_eq!((slowed.code, slowed.fill), (Code::TooManyRequests, vec!["1".to_owned()]));
    let asked = shard.run(&web, &Command::Order(OrderCommand::MemberPassword(other, CLUB, key("ada"))));
    assert_eq!(asked.unwrap_err().code, Code::TooManyRequests);
    shard.pass(1_000);
    shard.order(&web, OrderCommand::AddCollective(other, CLUB, shown("new")));
}

#[test]
fn who_guesses_members_has_to_wait_and_is_told_nothing() {
    let (mut shard, web, order) = club(None, None);
    shard.order(&web, seats(order, GALA, &[4, 5]));
    edit(&mut shard, CLUB, |club| club.valid_from = Some(NOW.plus_ms(MINUTE)));
    assert_eq!(shard.refused(&web, show(order, "ada-1")), Code::OrderInvalidCollective, "too early");
    for guess in 1..10 {
        assert_eq!(shard.refused(&web, show(order, &format!("guess-{guess}"))), Code::OrderInvalidCollective);
    }
    assert_eq!(shard.refused(&web, show(order, "ada-1")), Code::TooManyRequests);
    shard.pass(MINUTE);
    shard.order(&web, show(order, "ada-1"));
    let other = new_order(&mut shard, &web);
    shard.order(&web, show(other, "bob-2"));
}

#[test]
fn members_are_let_in_while_they_are_members() {
    let (mut shard, web, order) = club(None, None);
    let partner = Shard::channel(PARTNER);
    edit(&mut shard, CLUB, |club| club.channels = vec![PARTNER]);
    assert_eq!(shard.refused(&web, show(order, "ada-1")), Code::OrderCollectiveNotFound);
    let theirs = new_order(&mut shard, &partner);
    shard.order(&partner, show(theirs, "ada-1"));
    edit(&mut shard, CLUB, |club| club.channels = Vec::new());
    let idle = MemberSpec { active: false, ..spec("ada-1", None) };
    ask(&mut shard, CollectiveCommand::ChangeMember(CLUB.member(1), None, Box::new(idle))).unwrap();
    let late = MemberSpec { valid_until: Some(NOW), ..spec("bob-2", None) };
    ask(&mut shard, CollectiveCommand::ChangeMember(CLUB.member(2), None, Box::new(late))).unwrap();
    ask(&mut shard, CollectiveCommand::RemoveMember(CLUB.member(3), Some(1))).unwrap();
    for member in ["ada-1", "bob-2", "eve-3"] {
        assert_eq!(shard.refused(&web, show(order, member)), Code::OrderInvalidCollective);
    }
    assert!(shard.order(&partner, OrderCommand::Read(theirs)).carries(CLUB), "who is in stays in");
    for command in [CollectiveCommand::ReadMember(CLUB.member(3)), CollectiveCommand::FindMember(CLUB, key("eve-3").hash)] {
        assert_eq!(ask(&mut shard, command).unwrap_err().code, Code::NotFound);
    }
    // Who comes back has another number.
    add(&mut shard, "eve-3");
    shard.order(&web, show(order, "eve-3"));
    match ask(&mut shard, CollectiveCommand::ListMembers(CLUB, 1, 10)).unwrap() {
        Reply::Members(4, page) => {
            let seen: Vec<_> = page.iter().map(|(id, member)| (id.0, member.is_some())).collect();
            assert_eq!(seen, [(7_000_002, true), (7_000_003, false), (7_000_004, true)]);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_list_adds_who_is_new_and_changes_who_is_there() {
    let (mut shard, web, order) = club(None, None);
    let mut import = |specs: Vec<MemberSpec>| match ask(&mut shard, CollectiveCommand::ImportMembers(CLUB, specs.into())).unwrap() {
        Reply::MembersImported(report) => MembersImported::clone(&report),
        other => panic!("{other:?}"),
    };
    let named = |member: &str, name: &str| MemberSpec { name: Some(name.to_owned()), ..spec(member, None) };
    let ends_first = MemberSpec { valid_from: Some(NOW), valid_until: Some(NOW), ..spec("jo-4", None) };
    let all =
        vec![named("ADA-1", "Ada"), spec("bob-2", None), named("kim-5", "Kim"), ends_first, spec("li-6", Some("x")), named("kim-5", "K.")];
    let report = import(all.clone());
    assert_eq!((report.added, report.changed, report.unchanged, report.refused.len()), (1, 2, 1, 2));
    let report = import(all);
    assert_eq!((report.added, report.changed, report.unchanged), (0, 2, 2), "the same list again changes names to and fro alone");
    shard.order(&web, show(order, "kim-5"));
    match ask(&mut shard, CollectiveCommand::FindMember(CLUB, key("kim-5").hash)).unwrap() {
        Reply::Members(4, page) => assert_eq!(page[0].1.as_ref().unwrap().name.as_deref(), Some("K.")),
        other => panic!("{other:?}"),
    }
    let unknown = CollectiveCommand::ImportMembers(CollectiveId(8), [spec("ada-1", None)].into());
    assert_eq!(ask(&mut shard, unknown).unwrap_err().code, Code::NotFound);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever members do in whatever order, nobody is over a limit, and in the end all uses are given back.
    #[test]
    fn no_mix_of_calls_is_over_a_limit(calls in prop::collection::vec((0_usize..3, 0_u8..8, 0_u64..6), 1..30)) {
        let (mut shard, web, first) = club(Some(4), Some(3));
        put(&mut shard, promotion(1, |terms| (terms.conditions.collective, terms.limits.per_member) = (Some(CLUB), Some(2))));
        put(&mut shard, promotion(2, |terms| { bound_automatic(terms); terms.stackable = false; }));
        put(&mut shard, promotion(3, |terms| { bound(terms); (terms.scope, terms.stackable) = (Scope::Order, false); }));
        let orders = [first, new_order(&mut shard, &web), new_order(&mut shard, &web)];
        let members = ["ada-1", "bob-2", "eve-3"];
        for (which, call, number) in calls {
            let order = orders[which];
            let items: Vec<_> = shard.order(&web, OrderCommand::Read(order)).items.iter().map(|item| item.id).collect();
            let some = |from: usize| items.iter().copied().skip(from).take(2).collect::<Vec<_>>();
            let command = match call {
                0 | 1 => seats(order, GALA, &[which as u64 * 8 + number]),
                2 | 3 => show(order, members[number as usize % 3]),
                4 => choose(order, 1 + 2 * (number % 2)),
                5 => choose_on(order, 1, &some(number as usize)),
                6 => OrderCommand::RemoveItems(order, some(number as usize)),
                _ => leave(order),
            };
            drop(shard.run(&web, &Command::Order(command)));
            prop_assert!(opened(&shard) <= 4);
            for member in members {
                prop_assert!(opened_to(&shard, member) <= 3);
                prop_assert!(shard.world.counter(&CounterKey::PromotionMemberUses(PromotionId(1), key(member).hash)) <= 2);
            }
        }
        orders.into_iter().for_each(|order| delete(&mut shard, &web, order));
        prop_assert_eq!(opened(&shard), 0);
    }
}
