//! Selling through HTTP, from the first call to the tickets: what is answered, and what is refused with which code.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod answers;
mod attendees;
mod booking;
mod collectives;
mod form;
mod house;
mod invitations;
mod messages;
mod metadata;
mod presales;
mod products;
mod promotions;
mod refusals;
mod resale;
mod seasons;
mod terms;
mod voucher_orders;
mod voucher_refunds;
mod vouchers;

use answers::{
    a_sale_from_the_first_call_to_the_tickets, an_emptied_order_costs_nothing, repeating_with_a_key_does_nothing_twice,
    zones_and_other_sessions_in_one_order,
};
use attendees::{a_channel_asks_its_buyers, an_event_asks_its_attendees, forms_make_sense, postal_codes_are_those_of_their_country};
use booking::{a_booking_gives_its_places_back, a_booking_is_sold_in_the_end, bookings_where_and_when_they_are_allowed};
use collectives::{
    a_presale_of_a_collective, collectives_make_sense, collectives_open_what_is_bound_to_them, lists_of_members_are_imported,
    members_are_managed_and_not_shown, racing_for_a_members_last_uses,
};
use form::{bodies_and_headers_have_their_form, every_bad_value_is_named};
use invitations::{invitations_are_shown_where_they_may_be_given, invitations_beside_what_is_paid, invitations_make_sense};
use messages::{buyers_get_what_they_bought_by_mail, who_wants_no_mail_gets_none};
use metadata::a_channel_notes_what_it_likes_on_its_orders;
use presales::{a_code_opens_a_presale, a_presale_is_shown_without_its_code, presales_make_sense, who_guesses_codes_has_to_wait};
use products::{
    a_product_is_set_up_and_shown, a_product_is_sold_beside_seats, products_make_sense, racing_for_the_last_units,
    what_cannot_be_had_of_products,
};
use promotions::{
    codes_of_promotions_are_shown_to_their_managers_alone, each_price_shows_the_promotions_that_it_has,
    promoted_prices_are_shown_while_they_are, promotions_are_part_of_the_price, promotions_make_sense, racing_for_the_last_uses,
};
use refusals::{
    an_order_that_is_over, each_step_has_its_status, limits_of_order_channel_and_buyer, payments_come_to_what_is_to_pay,
    seats_that_cannot_be_had_are_named, sessions_that_are_not_sold_here, what_pre_confirm_asks_for,
};
use resale::{
    a_ticket_is_sold_to_another_buyer, an_offer_ends_with_its_time, an_offer_is_the_houses_own_and_may_be_taken_back,
    everybody_wants_the_same_ticket, offers_make_sense, who_sold_is_paid_after_the_session_unless_the_ticket_came_back,
    who_sold_is_paid_back_when_the_session_is_called_off,
};
use seasons::{
    a_season_ticket_from_the_first_call_to_the_tickets, everybody_wants_the_same_seat, season_tickets_expire_and_have_barcodes_of_their_own,
};
use terms::{
    delivery_and_insurance_are_part_of_the_price, delivery_and_insurance_include_their_taxes, what_comes_too_late_is_not_delivered,
};
use voucher_orders::{
    a_gift_is_sent_on_its_day, a_gift_voucher_is_sold_and_spent, a_voucher_order_that_is_over, gift_vouchers_make_sense,
    what_a_voucher_order_may_hold, who_repeats_a_confirm_is_not_told_the_code_again,
};
use voucher_refunds::{a_voucher_order_is_given_back_while_nothing_is_spent, what_was_used_is_not_given_back};
use vouchers::{
    a_voucher_is_answered_once_and_masked_ever_after, expiry_and_back_to_basket_release, pins_are_guessed_in_vain,
    two_orders_want_the_same_voucher, vouchers_make_sense, vouchers_pay_in_turn,
};

aforo_testkit::for_each_engine![
    a_sale_from_the_first_call_to_the_tickets,
    zones_and_other_sessions_in_one_order,
    an_emptied_order_costs_nothing,
    repeating_with_a_key_does_nothing_twice,
    seats_that_cannot_be_had_are_named,
    limits_of_order_channel_and_buyer,
    each_step_has_its_status,
    an_order_that_is_over,
    what_pre_confirm_asks_for,
    payments_come_to_what_is_to_pay,
    sessions_that_are_not_sold_here,
    bodies_and_headers_have_their_form,
    every_bad_value_is_named,
    a_channel_notes_what_it_likes_on_its_orders,
    delivery_and_insurance_are_part_of_the_price,
    delivery_and_insurance_include_their_taxes,
    what_comes_too_late_is_not_delivered,
    a_code_opens_a_presale,
    a_presale_is_shown_without_its_code,
    presales_make_sense,
    who_guesses_codes_has_to_wait,
    invitations_beside_what_is_paid,
    invitations_are_shown_where_they_may_be_given,
    invitations_make_sense,
    a_channel_asks_its_buyers,
    forms_make_sense,
    an_event_asks_its_attendees,
    postal_codes_are_those_of_their_country,
    a_booking_is_sold_in_the_end,
    a_booking_gives_its_places_back,
    bookings_where_and_when_they_are_allowed,
    vouchers_pay_in_turn,
    a_voucher_is_answered_once_and_masked_ever_after,
    two_orders_want_the_same_voucher,
    expiry_and_back_to_basket_release,
    pins_are_guessed_in_vain,
    vouchers_make_sense,
    a_gift_voucher_is_sold_and_spent,
    a_gift_is_sent_on_its_day,
    who_repeats_a_confirm_is_not_told_the_code_again,
    a_voucher_order_that_is_over,
    what_a_voucher_order_may_hold,
    gift_vouchers_make_sense,
    promotions_are_part_of_the_price,
    codes_of_promotions_are_shown_to_their_managers_alone,
    promotions_make_sense,
    promoted_prices_are_shown_while_they_are,
    each_price_shows_the_promotions_that_it_has,
    racing_for_the_last_uses,
    buyers_get_what_they_bought_by_mail,
    who_wants_no_mail_gets_none,
    a_ticket_is_sold_to_another_buyer,
    who_sold_is_paid_after_the_session_unless_the_ticket_came_back,
    everybody_wants_the_same_ticket,
    an_offer_is_the_houses_own_and_may_be_taken_back,
    offers_make_sense,
    an_offer_ends_with_its_time,
    who_sold_is_paid_back_when_the_session_is_called_off,
    a_season_ticket_from_the_first_call_to_the_tickets,
    everybody_wants_the_same_seat,
    season_tickets_expire_and_have_barcodes_of_their_own,
    collectives_open_what_is_bound_to_them,
    a_presale_of_a_collective,
    racing_for_a_members_last_uses,
    members_are_managed_and_not_shown,
    lists_of_members_are_imported,
    collectives_make_sense,
    a_product_is_set_up_and_shown,
    a_product_is_sold_beside_seats,
    what_cannot_be_had_of_products,
    products_make_sense,
    racing_for_the_last_units,
    a_voucher_order_is_given_back_while_nothing_is_spent,
    what_was_used_is_not_given_back,
];
