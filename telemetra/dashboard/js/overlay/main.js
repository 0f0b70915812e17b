/** The overlay. */
