/* floor(x * scale + 1/2), no smaller than low and no larger than high, NaN as 0. scale is a power of two, so that the product is exact
   in single precision, and so is the rest behind the point. */
static int32_t NAME_fix(float x, float scale, int32_t low, int32_t high)
{
    int32_t whole = 0;
    x *= scale;
    if (x >= 2147483648.0f) {
        return high;
    }
    if (x < -2147483648.0f) {
        return low;
    }
    if (x == x) {
        const float rest = x - (float)(int32_t)x;
        whole = (int32_t)x + (rest >= 0.5f) - (rest < -0.5f);
    }
    return whole < low ? low : whole > high ? high : whole;
}
