"""What simulated people write. All words here were made up for the simulation."""

from __future__ import annotations

from random import Random

from telemetra.sources.simulation.channels import Channel

_OPENERS = ("ok but", "honestly", "wait", "chat,", "lol", "imagine,", "hm", "so", "also", "wow")
_SMALL_TALK = (
    "what rank are we today", "that jump was clean", "the new patch is weird",
    "i missed the start, what happened", "sound is a bit low for me", "which build is this",
    "hello from Lisbon", "first time here, hi all", "back from dinner", "can we get a poll", "my cat agrees",
    "the music is so good today", "left side, look left", "he never checks the map",
    "how long until the break", "this level again", "is this the hard mode", "good luck everyone",
    "what is the song", "stream is smooth today", "i tried that and failed", "second monitor gang",
    "my coffee is cold again", "hi chat", "one more round please", "i have work in an hour", "that was close",
    "so cozy here", "no way he sees that", "the timing though", "what keyboard is that",
    "greetings from the train", "he is warming up", "this part is boring", "who else is eating",
    "happy friday all", "that looks tasty", "save your game", "check the oven", "nice hat",
    "i would turn around here", "not like that", "the lag is back", "hydrate everyone",
    "what a place to park",
)  # fmt: skip
_HYPE = (
    "LETS GOOO", "NO WAY", "WHAT WAS THAT", "clip it", "CLIP THAT", "that was insane", "best play ever",
    "HOW", "unreal", "he did it", "HE DID IT", "oh my", "this is history", "i am shaking", "GG", "gg wp",
    "what a shot", "YES", "hype", "goosebumps", "legend", "I CANT BELIEVE IT", "that reaction", "so clean",
    "crazy", "wooooo", "loooool", "amazing!!!",
)  # fmt: skip
_GREETINGS = (
    "raid hello", "{origin} raid!", "hello from {origin}", "the {origin} crew is here", "hi new friends",
    "we come in peace", "raid raid raid", "{origin} sent us", "welcome raiders", "what game is this",
    "hi from the raid", "big hugs from {origin}",
)  # fmt: skip
_PASTA = (
    "I came here to drink milk and count sheep, and I see you have all run out of milk",
    "Dear streamer, my grandmother plays this level with her knitting needles and she is faster",
    "This chat is now a library, please whisper your emotes and return your books by Monday",
    "He has the high ground, the low ground and all the ground in between, call the gardeners",
    "Raise your spoons, the soup is ready and nobody invited the forks",
)
_SOUR = (
    "this is so boring now", "worst decision ever", "i hate this map", "that was terrible", "so disappointing",
    "please stop, this is painful", "awful take", "the lag ruined it", "what a waste of time", "this is sad",
    "i am so angry at this game", "bad call, really bad", "horrible matchmaking again", "ugh, not this again",
    "nobody likes this part", "such a stupid rule", "broken game", "this update is trash",
)  # fmt: skip
_WELCOMES = ("welcome raiders", "hi raiders, sit down", "hello new people", "so many new names", "raid, wow")
_THANKS = ("thank you for the gifts", "so generous", "i got one, thanks", "gifts for everybody", "what a legend")
_PROMOTIONS = (
    "cheap viewers and followers on growfarm dot example, ask me how {tag}",
    "i earn 900 a day from my couch, see my page growfarm dot example {tag}",
    "free skins for the first hundred at lootpond dot example {tag}",
)
_CALM_EMOTES = ("Kappa", "LUL", ":)", "<3", "4Head", "KEKW", "SeemsGood", "catJAM", "VoHiYo")
_HYPE_EMOTES = ("PogChamp", "POGGERS", "Pog", "LUL", "OMEGALUL", "PogU", "Kreygasm", "HYPERS", "EZ")
_RAID_EMOTES = ("twitchRaid", "VirtualHug", "HeyGuys", "<3", "bleedPurple")
_OWN_EMOTES = ("Hype", "LOVE", "GG", "Wave", "Fire", "Rip")
_ADJECTIVES = (
    "mellow",
    "brisk",
    "amber",
    "silent",
    "lucky",
    "tiny",
    "rusty",
    "cosmic",
    "velvet",
    "salty",
    "sunny",
    "odd",
)
_ANIMALS = ("otter", "heron", "badger", "lynx", "koala", "gecko", "moth", "panda", "raven", "newt", "ibex", "wren")

RAIDERS = ("orbit_omelette", "captain_kelp", "gentle_gravity", "midnight_mango", "quartz_quokka")


def person(rng: Random, channel: Channel) -> tuple[str, str]:
    """(user_id, username) of somebody who belongs to the channel; a few write much, most write little."""
    return _name(int(channel.chatters * rng.random() ** 2.2), channel.prefix)


def lurker(rng: Random, channel: Channel) -> tuple[str, str]:
    """(user_id, username) of one of the many who hardly ever write."""
    return _name(channel.chatters + rng.randrange(4 * channel.chatters), channel.prefix)


def giver(number: int, channel: Channel) -> tuple[str, str]:
    return _name(number, channel.prefix)


def newcomer(rng: Random, origin: str, many: int) -> tuple[str, str]:
    """(user_id, username) of one of the `many` that came with a raid."""
    return _name(rng.randrange(max(1, many)), origin)


def _name(number: int, origin: str) -> tuple[str, str]:
    word = f"{_ADJECTIVES[number % 12]}_{_ANIMALS[number // 12 % 12]}"
    return f"{origin}-{number}", f"{word}_{number}"


def small_talk(rng: Random, channel: Channel) -> tuple[str, list[str]]:
    """(message, its emotes) of an ordinary moment."""
    if rng.random() < 0.12:
        return _repeated(rng, _emote(rng, channel, _CALM_EMOTES), 3)
    text = rng.choice(_SMALL_TALK)
    if rng.random() < 0.3:
        text = f"{rng.choice(_OPENERS)} {text}"
    if rng.random() < 0.06:
        text = f"@{channel.streamer_name} {text}"
    return _with_emote(rng, text, channel, _CALM_EMOTES, 0.22)


def hype(rng: Random, channel: Channel) -> tuple[str, list[str]]:
    if rng.random() < 0.5:
        return _repeated(rng, _emote(rng, channel, _HYPE_EMOTES), 6)
    return _with_emote(rng, rng.choice(_HYPE) + rng.choice(("", "", "!", "!!")), channel, _HYPE_EMOTES, 0.5)


def raid(rng: Random, channel: Channel, origin: str) -> tuple[str, list[str]]:
    if rng.random() < 0.35:
        emotes = [rng.choice(_RAID_EMOTES[:2])] * rng.randint(1, 3)
        return f"{origin} RAID {' '.join(emotes)}", emotes
    text = rng.choice(_GREETINGS).format(origin=origin)
    return _with_emote(rng, text, channel, _RAID_EMOTES, 0.5)


def welcome(rng: Random) -> tuple[str, list[str]]:
    return rng.choice(_WELCOMES), []


def sour(rng: Random) -> tuple[str, list[str]]:
    text = rng.choice(_SOUR)
    if rng.random() < 0.3:
        text = f"{rng.choice(_OPENERS)} {text}"
    return text, []


def thanks(rng: Random) -> tuple[str, list[str]]:
    return rng.choice(_THANKS), []


def bot(rng: Random, number: int) -> tuple[tuple[str, str], tuple[str, list[str]]]:
    """Promotion by one account, by three, or by many fresh ones; each message with a tag of its own."""
    accounts = (1, 3, 80)[number // 8 % 3]
    tag = f"{rng.randrange(16**4):04x}"
    text = _PROMOTIONS[number // 8 % len(_PROMOTIONS)].format(tag=tag)
    return _name(rng.randrange(accounts), f"promo{number}"), (text, [])


def copypasta(rng: Random, number: int) -> tuple[str, list[str]]:
    """One text for the whole wave, now and then a little changed."""
    text = _PASTA[number % len(_PASTA)]
    if rng.random() < 0.15:
        text = f"{text} {rng.choice(_CALM_EMOTES[:4])}"
    elif rng.random() < 0.1:
        text = text.upper()
    elif rng.random() < 0.1:
        words = text.split()
        del words[rng.randrange(len(words))]
        text = " ".join(words)
    return text, [word for word in text.split() if word in _CALM_EMOTES]


def _emote(rng: Random, channel: Channel, emotes: tuple[str, ...]) -> str:
    return channel.prefix + rng.choice(_OWN_EMOTES) if rng.random() < 0.3 else rng.choice(emotes)


def _repeated(rng: Random, emote: str, most: int) -> tuple[str, list[str]]:
    emotes = [emote] * rng.randint(1, most)
    return " ".join(emotes), emotes


def _with_emote(
    rng: Random, text: str, channel: Channel, emotes: tuple[str, ...], share: float
) -> tuple[str, list[str]]:
    if rng.random() >= share:
        return text, []
    emote = _emote(rng, channel, emotes)
    return f"{text} {emote}", [emote]
