/* Sum of n products. */
static int32_t NAME_dot8_SUFFIX(const TYPE *x, const int8_t *w, int32_t n)
{
    int32_t sum = 0;
    for (int32_t k = 0; k < n; k++) {
        sum += (int32_t)w[k] * x[k];
    }
    return sum;
}
