/* v, no smaller than low and no larger than high. */
static int32_t NAME_between_SUFFIX(WIDE v, int32_t low, int32_t high)
{
    return v < low ? low : v > high ? high : (int32_t)v;
}
