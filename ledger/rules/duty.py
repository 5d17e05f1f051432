"""Posts and separation of duties (岗位·岗位分离), domain.md 2.4 and 5.3."""

from ledger.contracts.codes import Post

POSTS: dict[str, frozenset[str]] = {
    "case.submit": frozenset({Post.ACCEPT, Post.AGENT}),
    "case.accept": frozenset({Post.ACCEPT}),
    "case.start_step": frozenset({Post.ACCEPT, Post.REVIEW, Post.APPROVE}),
    "case.finish_step": frozenset({Post.ACCEPT, Post.REVIEW, Post.APPROVE}),
    "case.transfer": frozenset({Post.ACCEPT, Post.REVIEW, Post.APPROVE}),
    "case.receive_transfer": frozenset({Post.ACCEPT, Post.REVIEW, Post.APPROVE}),
    "case.decide": frozenset({Post.APPROVE}),
    "case.conclude": frozenset({Post.ACCEPT, Post.APPROVE, Post.ISSUE}),
    "case.issue": frozenset({Post.ISSUE}),
    "case.void_event": frozenset({Post.CORRECTOR}),
    "rating.void_event": frozenset({Post.CORRECTOR}),
}
"""Command → the posts that may give it; reference commands are in `REFERENCE_POSTS`."""

REFERENCE_POSTS = frozenset({Post.ITEM_ADMIN, Post.CITY_SUPERVISOR})

CITIZEN_COMMANDS = frozenset({"case.submit", "rating.submit"})
"""What a citizen may do without a post, online or at a device."""

SYSTEM_COMMANDS = frozenset({"case.conclude", "case.issue"})
"""What the ledger's own machinery may do in an interactive source: automatic conclusion and
electronic issue."""
