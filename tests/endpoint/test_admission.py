"""Who comes in at all: the token, the tenant, and the user whom the token names."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from attrs import evolve
from endpoint.house import GRANTED, HEADER, PLAN, THERE, execute, refused, restart, status
from hypothesis import given
from hypothesis import strategies as st

from restart_engine.endpoint import Bearer, Reply, Snapshot, Start, admitted_by_token
from restart_engine.endpoint.calls import RestartCall, StatusCall, token_in

Ask = Callable[..., Reply | Start]
EVERY_CALL = pytest.mark.parametrize("ask", [restart, execute, status])
INVALID = "INC_09030108: Invalid authentication header. Invalid Token"


@EVERY_CALL
class TestH1:
    """H1: a token missing, malformed, invalid or expired is refused; four characters of it are shown."""

    @pytest.mark.parametrize(
        "header",
        [
            None, "", " ", "Bearer", "Bearer ", "Bearer    ", "abcde12345", "bearerabcde12345",
            "Bearer:abcde12345", "Bearer\tabcde12345", " Bearer abcde12345", "BasicBearer abcde12345",
            "Basic YWRhOnNlY3JldA==", "Digest username=ada", "Token abcde12345", "\N{NO-BREAK SPACE}",
            "Bearer\N{NO-BREAK SPACE}abcde",
        ],
    )  # fmt: skip
    def test_a_header_without_a_bearer_token_is_refused_and_not_shown(
        self, ask: Ask, header: str | None
    ) -> None:
        """Whatever else the header holds, a password too, comes back in no answer."""
        expected = '{"message": "INC_09030108: Invalid authentication header. Invalid Token []"}'
        assert refused(ask(authorization=header)) == ("H1", 401, expected)

    def test_a_token_that_the_host_does_not_know_is_refused(self, ask: Ask) -> None:
        """Malformed, forged or expired: the host says that it names nobody."""
        expected = '{"message": "INC_09030108: Invalid authentication header. Invalid Token [******2345]"}'
        assert refused(ask(evolve(GRANTED, bearer=None))) == ("H1", 401, expected)

    def test_a_user_who_is_gone_is_refused(self, ask: Ask) -> None:
        """The token is still good, but nobody is behind it any more."""
        expected = '{"message": "INC_09030108: Invalid authentication header. Invalid Token [******2345]"}'
        assert refused(ask(evolve(GRANTED, user=None))) == ("H1", 401, expected)

    def test_users_of_a_tenant_that_is_gone_are_not_looked_up(self, ask: Ask) -> None:
        """The tenant is answered first."""
        assert refused(ask(evolve(GRANTED, tenant_open=False, user=None)))[0] == "H3"

    @pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
    def test_the_scheme_is_read_in_any_case(self, ask: Ask, scheme: str) -> None:
        """As HTTP has it."""
        outcome = ask(authorization=f"{scheme} abcde12345")
        assert isinstance(outcome, Start) or outcome.gate == "V4"


class TestToken:
    """H1: what of the header is the token."""

    @pytest.mark.parametrize(
        ("header", "token"),
        [
            ("Bearer abc", "abc"),
            ("bearer   abc  ", "abc"),
            ("Bearer a b", "a b"),
            ("Bearer a.b-c_d~e+f/g==", "a.b-c_d~e+f/g=="),
            ("Bearer \udcff", "\udcff"),
            ("Basic abc", ""),
            (None, ""),
        ],
    )
    def test_it_is_what_stands_behind_the_scheme(self, header: str | None, token: str) -> None:
        """Without the blanks around it; what is malformed in it is the host's to see."""
        assert token_in(header) == token

    def test_the_host_is_asked_for_just_that(self) -> None:
        """And where there is none, it is not asked."""
        assert isinstance(restart(_OneToken(), authorization="bearer  abcde12345 "), Start)
        assert refused(restart(_OneToken(), authorization="Basic abcde12345"))[0] == "H1"


class _OneToken:
    """`GRANTED`, which knows one token."""

    def bearer(self, token: str, /) -> Bearer | None:
        """Whom the one token names."""
        assert f"Bearer {token}" == HEADER
        return GRANTED.bearer

    user, tenant_open, plan = THERE.user, THERE.tenant_open, THERE.plan
    execution, schemas = THERE.execution, THERE.schemas
    latest, loader_available = THERE.latest, THERE.loader_available


class TestRedaction:
    """H1, H2: an answer shows no more of a token than its last four characters."""

    @pytest.mark.parametrize(
        ("token", "shown"),
        [
            ("abcde12345", "******2345"),
            ("abcde", "*bcde"),
            ("abcd", "abcd"),
            ("a", "a"),
            ("a b", "a b"),
            ("x" * 5_000 + "1234", "******1234"),
            ("\U0001f600" * 5, "*" + r"\ud83d\ude00" * 4),
            ("secret\udcff", r"***ret\udcff"),
            ('secret"\\', r"****et\"\\"),
        ],
    )
    def test_the_stars_do_not_tell_how_long_it_is(self, token: str, shown: str) -> None:
        """Six stand for all that is hidden of a long one."""
        reply = restart(Snapshot(), authorization=f"Bearer {token}")
        assert refused(reply) == ("H1", 401, f'{{"message": "{INVALID} [{shown}]"}}')

    @given(st.text(min_size=5) | st.text("ab*", min_size=5, max_size=12), st.booleans())
    def test_any_token_in_any_reply(self, token: str, known: bool) -> None:
        """Nothing of what is before its last four characters: an answer is as if it were all stars."""
        token = token.strip()
        caller = Bearer("other", "ada") if known else None
        for ask in (restart, execute, status):
            message = json.loads(
                refused(ask(evolve(GRANTED, bearer=caller), authorization=f"Bearer {token}"))[2]
            )
            hidden = max(len(token) - 4, 0)
            assert message == {"message": f"{INVALID} [{'*' * min(hidden, 6)}{token[hidden:]}]"}

    def test_a_call_does_not_show_its_header(self) -> None:
        """What logs a call logs no token."""
        assert "abcde" not in repr(RestartCall(tenant="demo", authorization=HEADER, body=b""))
        assert "abcde" not in repr(StatusCall(tenant="demo", authorization=HEADER, execution_id="1"))


@EVERY_CALL
class TestH2:
    """H2: the tenant in the path has to be the one in the token, letter by letter; the words are H1's."""

    @pytest.mark.parametrize(
        "tenant", ["Demo", "DEMO", "demo ", " demo", "", "other", "de\N{COMBINING ACUTE ACCENT}mo"]
    )
    def test_another_tenant_is_refused_with_the_words_of_h1(self, ask: Ask, tenant: str) -> None:
        """Whether the other one exists is not told."""
        expected = '{"message": "INC_09030108: Invalid authentication header. Invalid Token [******2345]"}'
        assert refused(ask(tenant=tenant)) == ("H2", 401, expected)
        assert refused(ask(evolve(GRANTED, tenant_open=False), tenant=tenant)) == ("H2", 401, expected)

    def test_letters_that_look_alike_are_not_alike(self, ask: Ask) -> None:
        """One code point and two that show the same are two tenants."""
        known = evolve(GRANTED, bearer=Bearer("caf\N{LATIN SMALL LETTER E WITH ACUTE}", "ada"))
        assert refused(ask(known, tenant="cafe\N{COMBINING ACUTE ACCENT}"))[0] == "H2"


@EVERY_CALL
class TestH3:
    """H3: a tenant that does not exist or is disabled is named in a text without a code."""

    def test_it_is_named(self, ask: Ask) -> None:
        """As the source's example has it."""
        known = Snapshot(bearer=Bearer("DEFAULT", "ada"), plan=PLAN)
        expected = '{"message": "Invalid [DEFAULT] tenant in resource path"}'
        assert refused(ask(known, tenant="DEFAULT")) == ("H3", 404, expected)

    @pytest.mark.parametrize(
        ("tenant", "shown"), [("", ""), ("\udcff", r"\udcff"), ("ü\n]", r"\u00fc\n]"), ('"}', r"\"}")]
    )
    def test_a_name_of_any_text_is_named(self, ask: Ask, tenant: str, shown: str) -> None:
        """Escaped, so that the body stays one object in ASCII."""
        known = Snapshot(bearer=Bearer(tenant, "ada"))
        expected = f'{{"message": "Invalid [{shown}] tenant in resource path"}}'
        assert refused(ask(known, tenant=tenant)) == ("H3", 404, expected)


class TestAdmittedByToken:
    """H1, H2: what the token alone decides can be asked before anything is looked up."""

    @pytest.mark.parametrize("bearer", [None, Bearer("other", "ada")])
    def test_a_refusal_is_what_the_answer_is(self, bearer: Bearer | None) -> None:
        """The same reply, from whom the token names alone."""
        call = RestartCall(tenant="demo", authorization=HEADER, body=b"")
        assert admitted_by_token(call, bearer) == restart(Snapshot(bearer=bearer))

    def test_whom_it_admits_it_gives(self) -> None:
        """The bearer, of whom it asks nothing more."""
        bearer = Bearer("demo", "nobody")
        call = RestartCall(tenant="demo", authorization=HEADER, body=b"")
        assert admitted_by_token(call, bearer) is bearer

    def test_without_a_token_nobody_is_admitted(self) -> None:
        """Whomever the host names."""
        call = RestartCall(tenant="demo", authorization="Basic abcde12345", body=b"")
        reply = admitted_by_token(call, GRANTED.bearer)
        assert isinstance(reply, Reply)
        assert reply == restart(authorization="Basic abcde12345")
