"""What somebody who read the chat around ten of the moments thinks of them, by onset. Written by hand.

A moment that is found no more, or that begins elsewhere, stops make_lirik.py: then it must be read again.
"""

from __future__ import annotations

JUDGEMENTS = {
    "12:05:10": (
        "Agree, to ten seconds: the stream goes live at 12:05 (“U ARE LIVE”), the room is closed to those who have not "
        "subscribed (“bye plebs”), and everybody spams channel emotes until 12:09. The chat had filled up in the "
        "minutes before; that is the moment of 11:58:20, true (99 messages a minute "
        "after 30) but hardly one for anybody."
    ),
    "12:48:10": (
        "Agree. He has the better gun, touches the mouse wheel, changes weapons and dies: “HE COULD BUT HE SCROLLED "
        "LOL”. 155 messages after 39. Height alone was not enough here; what was written made it a moment."
    ),
    "13:42:40": (
        "Half. These are two things: a minute of lirikPISS, as he leaves for a break, and a minute later a kill that "
        "the chat shouts about (“LMAOOOOOOO”, “wtf”, “oddshot !”), with twice the messages. One moment holds both; "
        "the sentence happens to name one word of each."
    ),
    "13:50:00": (
        "A moment for the chat, hardly for a clip: he tells his weight and everybody tells theirs. The sentence misses "
        "it: what they write is different in every message (“151kg WutFace”, “how tall are you?”), and the emotes that "
        "stick out are a by-play."
    ),
    "17:36:40": (
        "Agree. The match of the tournament begins, and a chat that talked about his bathroom break writes lirikHYPE. "
        "There are only 130 messages in that minute: it is the mood that changes, not the amount."
    ),
    "17:38:50": (
        "Agree, the best of the day by far: the first goals of the match, “WHOO”, “nice shot”, then 458 messages in a "
        "minute. It begins a little early, with a miss (“so close”) before the goal."
    ),
    "17:52:50": (
        "Agree, and the sentence says it: 7 to 1, and everybody writes the same joke about Brazil."
    ),
    "18:26:30": (
        "The moment is right, its cause is not: they are losing, the chat is sad (lirikFEELS, “rip gg”) and cheers "
        "them on with irony. This is no hype. The lexicon gives lirikFEELS too little weight for a turn of mood to "
        "show, and no other cause fits a crowd."
    ),
    "19:02:10": (
        "Agree with the moment and the sentence: the last goal against them in the last second, “NOOOOO”, “RIGGED”, "
        "“had one job”. `hype` is a poor word for it; the crowd is as one, but not glad."
    ),
    "19:30:30": (
        "Agree. The room is opened to those who have not subscribed after eight hours: 661 messages after 20, most of "
        "them FREEDOM in some spelling. The sentence names the word; the emote beside it is the subscribers' answer."
    ),
}  # fmt: skip
