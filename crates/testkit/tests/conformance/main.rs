//! Conformance: one black-box case for each code of the error catalogue, over HTTP, on both engines. Each case brings about the real condition and
//! hands back the answer; the harness holds it against the table. Every code of the table has one.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod collectives;
mod extras;
mod forms;
mod general;
mod identity;
mod loyalty;
mod marketplaces;
mod orders;
mod ours;
mod promotions;
mod resale;
mod voucher_orders;
mod vouchers;

use std::collections::BTreeSet;

use aforo_domain::error::Code;
use aforo_testkit::builders::SmallWorld;
use aforo_testkit::caller::Answer;
use aforo_testkit::declared::Declared;
use aforo_testkit::spawn::{self, Engine};

/// Runs a case against a small world of its own and holds its answer against the catalogue.
fn case(engine: Engine, code: &str, case: impl AsyncFnOnce(&SmallWorld<'_>) -> Answer) {
    spawn::run(engine, async |server| {
        let world = SmallWorld::set_up(server).await;
        case(&world).await.refused(code);
    });
}

macro_rules! cases {
    (both: $($code:literal => $module:ident::$case:ident,)* postgres: $($only_code:literal => $only_module:ident::$only_case:ident,)*) => {
        /// Codes that a case covers.
        const COVERED: &[&str] = &[$($code,)* $($only_code,)*];

        mod conformance_sqlite {
            $(#[test] fn $case() { super::case(super::Engine::Sqlite, $code, super::$module::$case) })*
        }

        mod conformance_postgres {
            $(#[test] fn $case() { super::case(super::Engine::Postgres, $code, super::$module::$case) })*
            $(#[test] fn $only_case() { super::case(super::Engine::Postgres, $only_code, super::$only_module::$only_case) })*
        }
    };
}

cases! {
    both:
    "DIST0001" => general::dist0001,
    "DIST0002" => general::dist0002,
    "DIST0003" => general::dist0003,
    "DIST0004" => general::dist0004,
    "DIST0005" => general::dist0005,
    "DIST0006" => general::dist0006,
    "FORBIDDEN_RESOURCE" => general::forbidden_resource,
    "INVALID_AUTH_CLIENT_ID" => general::invalid_auth_client_id,
    "AUTH0001" => identity::auth0001,
    "AUTH0002" => identity::auth0002,
    "AUTH0003" => identity::auth0003,
    "AUTH0004" => identity::auth0004,
    "AUTH0005" => identity::auth0005,
    "AUTH0006" => identity::auth0006,
    "AUTH0007" => identity::auth0007,
    "AUTH0008" => identity::auth0008,
    "AUTH0009" => identity::auth0009,
    "AUTH0010" => identity::auth0010,
    "AUTH0011" => identity::auth0011,
    "AUTH0012" => identity::auth0012,
    "AUTH0013" => identity::auth0013,
    "AUTH0014" => identity::auth0014,
    "AUTH0015" => identity::auth0015,
    "AUTH0016" => identity::auth0016,
    "AUTH0017" => identity::auth0017,
    "AUTH0018" => identity::auth0018,
    "AUTH0019" => identity::auth0019,
    "AUTH0020" => identity::auth0020,
    "AUTH0021" => identity::auth0021,
    "AUTH0022" => identity::auth0022,
    "AUTH0023" => identity::auth0023,
    "AUTH0024" => identity::auth0024,
    "AUTH0025" => identity::auth0025,
    "AUTH0027" => identity::auth0027,
    "AUTH0027" => orders::auth0027_invitation,
    "AUTH0027" => forms::auth0027_booking,
    "SESSION_NOT_FOUND" => orders::session_not_found,
    "SESSION_SALES_LIMIT_EXCEEDED" => orders::session_sales_limit_exceeded,
    "ORPHAN_SEAT" => orders::orphan_seat,
    "PURCHASE_NOT_TOTALLY_PAID" => orders::purchase_not_totally_paid,
    "ORDER_NOT_FOUND" => orders::order_not_found,
    "ORDER_EXPIRED" => orders::order_expired,
    "ORDER_INVALID_STATUS" => orders::order_invalid_status,
    "ORDER_SEAT_NOT_AVAILABLE" => orders::order_seat_not_available,
    "ORDER_ITEMS_LIMIT_EXCEEDED" => orders::order_items_limit_exceeded,
    "ORDER_ITEM_INVALID" => orders::order_item_invalid,
    "ORDER_WITHOUT_ITEMS" => orders::order_without_items,
    "ORDER_BUYER_DATA_REQUIRED" => orders::order_buyer_data_required,
    "ORDER_INVALID_DELIVERY_METHOD" => extras::order_invalid_delivery_method,
    "ORDER_INVALID_INSURANCE" => extras::order_invalid_insurance,
    "CHANNEL_FORM_NOT_FOUND" => forms::channel_form_not_found,
    "ORDER_ATTENDEE_DATA_REQUIRED" => forms::order_attendee_data_required,
    "CLIENT_DATA_INVALID_POSTAL_CODE" => forms::client_data_invalid_postal_code,
    "ORDER_BOOKING_NOT_ALLOWED" => forms::order_booking_not_allowed,
    "CONSUMER_METADATA_NOT_FOUND" => extras::consumer_metadata_not_found,
    "CONSUMER_METADATA_REQUIRED" => extras::consumer_metadata_required,
    "CONSUMER_METADATA_MAX_ELEMENTS" => extras::consumer_metadata_max_elements,
    "CONSUMER_METADATA_KEY_MAX_LENGTH" => extras::consumer_metadata_key_max_length,
    "CONSUMER_METADATA_VALUE_MAX_LENGTH" => extras::consumer_metadata_value_max_length,
    "VOUCHER_NOT_FOUND" => vouchers::voucher_not_found,
    "VOUCHER_CODE_INVALID" => vouchers::voucher_code_invalid,
    "VOUCHER_BALANCE_EMPTY" => vouchers::voucher_balance_empty,
    "VOUCHER_GROUP_CURRENCY_NOT_FOUND" => vouchers::voucher_group_currency_not_found,
    "VOUCHER_RETRIES_LIMIT_EXCEEDED" => vouchers::voucher_retries_limit_exceeded,
    "VOUCHER_CURRENCY_INVALID" => vouchers::voucher_currency_invalid,
    "VOUCHER_COLLECTIVE_NOT_FOUND" => collectives::voucher_collective_not_found,
    "ORDER_COLLECTIVE_NOT_FOUND" => collectives::order_collective_not_found,
    "ORDER_INVALID_COLLECTIVE" => collectives::order_invalid_collective,
    "ORDER_COLLECTIVE_LIMIT_EXCEEDED" => collectives::order_collective_limit_exceeded,
    "VOUCHER_ORDER_NOT_FOUND" => voucher_orders::voucher_order_not_found,
    "VOUCHER_ORDER_INVALID_STATUS" => voucher_orders::voucher_order_invalid_status,
    "VOUCHER_ORDER_INVALID_CONFIG_STATUS" => voucher_orders::voucher_order_invalid_config_status,
    "VOUCHER_ORDER_INVALID_AMOUNT" => voucher_orders::voucher_order_invalid_amount,
    "VOUCHER_ORDER_INVALID_IMAGE" => voucher_orders::voucher_order_invalid_image,
    "VOUCHER_ORDER_INVALID_RECEIVER_DATA" => voucher_orders::voucher_order_invalid_receiver_data,
    "VOUCHER_ORDER_INVALID_DELIVERY_DATE" => voucher_orders::voucher_order_invalid_delivery_date,
    "VOUCHER_ORDER_INVALID_PAYMENT_STATUS" => voucher_orders::voucher_order_invalid_payment_status,
    "ORDER_PROMOTION_NOT_FOUND" => promotions::order_promotion_not_found,
    "ORDER_PROMOTION_PRIMARY_MARKET_REQUIRED" => promotions::order_promotion_primary_market_required,
    "ORDER_INVALID_PROMOTION" => promotions::order_invalid_promotion,
    "PROMOTION_CODE_LIMIT_REACHED" => promotions::promotion_code_limit_reached,
    "ORDER_PROMOTION_LIMIT_EXCEEDED" => promotions::order_promotion_limit_exceeded,
    "ORDER_PROMOTION_LIMIT_OPERATION_EXCEEDED" => promotions::order_promotion_limit_operation_exceeded,
    "PROMOTION_NOT_FOUND" => promotions::promotion_not_found,
    "PROMOTION_REQUIRED" => promotions::promotion_required,
    "CREATE_LOYALTY_PROGRAM_EXCEPTION" => loyalty::create_loyalty_program_exception,
    "AUTH0027" => loyalty::auth0027_loyalty,
    "AUTH0026" => marketplaces::auth0026,
    "AUTH0027" => marketplaces::auth0027_reissue,
    "FORBIDDEN_RESOURCE" => marketplaces::forbidden_resource_market,
    "ME0001" => marketplaces::me0001,
    "2MKT0001" => marketplaces::mkt0001,
    "2MKT0002" => marketplaces::mkt0002,
    "2MKT0006" => marketplaces::mkt0006,
    "2MKT0007" => marketplaces::mkt0007,
    "2MKT0008" => marketplaces::mkt0008,
    "2MKT0009" => marketplaces::mkt0009,
    "2MKT0010" => marketplaces::mkt0010,
    "2MKT0011" => marketplaces::mkt0011,
    "2MKT0012" => marketplaces::mkt0012,
    "2MKT0013" => marketplaces::mkt0013,
    "2MKT0014" => marketplaces::mkt0014,
    "2MKT00118" => marketplaces::mkt00118,
    "2MKT0015" => marketplaces::mkt0015,
    "2MKT0016" => marketplaces::mkt0016,
    "2MKT0017" => marketplaces::mkt0017,
    "2MKT0025" => marketplaces::mkt0025,
    "2MKT0029" => marketplaces::mkt0029,
    "2MKT0034" => marketplaces::mkt0034,
    "2MKT0035" => marketplaces::mkt0035,
    "2MKT0036" => marketplaces::mkt0036,
    "2MKT0037" => marketplaces::mkt0037,
    "2MKT0038" => marketplaces::mkt0038,
    "2MKT0039" => marketplaces::mkt0039,
    "2MKT0040" => marketplaces::mkt0040,
    "2MKT0041" => marketplaces::mkt0041,
    "2MKT0042" => marketplaces::mkt0042,
    "2MKT0043" => marketplaces::mkt0043,
    "AUTH001" => ours::auth001,
    "SECONDARY_MARKET_SALE_NOT_ENABLED" => resale::secondary_market_sale_not_enabled,
    "SECONDARY_MARKET_SEAT_NOT_AVAILABLE" => resale::secondary_market_seat_not_available,
    "SECONDARY_MARKET_SEAT_RATE_NOT_AVAILABLE" => resale::secondary_market_seat_rate_not_available,
    "ORDER_PROMOTION_PRIMARY_MARKET_REQUIRED" => resale::order_promotion_resale,
    "PRODUCT_STATE_INVALID" => ours::product_state_invalid,
    "IDEMPOTENCY_KEY_REUSED" => ours::idempotency_key_reused,
    "IDEMPOTENCY_IN_PROGRESS" => ours::idempotency_in_progress,
    "NOT_FOUND" => ours::not_found,
    "PRODUCT_STATE_INVALID" => ours::product_state_invalid_ticket,
    "CONFLICT" => ours::conflict,
    "METHOD_NOT_ALLOWED" => ours::method_not_allowed,
    "TOO_MANY_REQUESTS" => ours::too_many_requests,
    "OVERLOADED" => ours::overloaded,
    postgres:
    "DIST0000" => general::dist0000,
}

#[test]
fn conformance_every_code_has_a_case() {
    for code in Code::ALL {
        assert!(COVERED.contains(&code.as_str()), "{} has no case", code.as_str());
    }
    let known: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    for code in COVERED {
        assert!(known.contains(code), "{code} is not in the catalogue");
    }
}

#[test]
fn conformance_every_covered_code_is_declared_by_an_operation() {
    let declared: BTreeSet<String> = Declared::default().0.into_iter().flat_map(|operation| operation.codes).collect();
    // These are answered where no operation was found.
    let before_any = ["METHOD_NOT_ALLOWED"];
    for code in COVERED.iter().filter(|code| !before_any.contains(code)) {
        assert!(declared.contains(*code), "no operation declares {code}");
    }
}
